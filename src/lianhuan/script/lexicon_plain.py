"""Words that no picture shows, English and Chinese, and the irregular forms of English words."""

from lianhuan.script.lexicon_en import (
    ADVERBS,
    AUXILIARIES,
    COMMON,
    DETERMINERS,
    PREPOSITIONS,
    SPEECH,
    word_set,
)

# fmt: off
_SHOWN = word_set("""
rain snow wind sun moon stars clouds birds leaves flowers trees people children animals boys girls men women kids
fish butterflies bees water fire light music tears dark dear spring summer autumn winter sang roared growled
cried little big small old young tired cold fell flew grew hid hung swung sprang crept leapt broke stole shone
dug fed burst spun cut shut dirty beautiful built
""")
"""Words of the tables of the cast that a picture can show all the same."""
_ABSTRACT = word_set("""
able accident according account act action active actually add added admire adult adventure advice afraid age agree
agreed air alive alone along aloud already although amaze amazed amazing amount ancient angry announce answer anxious
appear appeared apply arrive ashamed asleep assure attack attention aware awake bad balance beat beauty beg begin
beginning behave being belief believe believed belong belonged best better bit blame boast bored boring born
bother bored bottom bound breath busy call calm care carefree case cause center centre certain chance change charge
cheer cheerful chief choice choose chose chosen clear close color colour come comfort comfortable common company
complete concern confess confuse confused consider content continue control corner correct cost count country couple
courage course cozy cosy crazy cruel cure daily danger dangerous dare deal death decide decided decision deep delicious
delight delighted depend describe deserve desire destroy die died difference different difficult direction disappear
disappeared discover distance divide double doubt dream eager early earn easy edge effort else empty encourage end
ended enemy energy enjoy enjoyed enormous enough enter entire escape event evil exactly example excellent except
excitement exciting expect explain explore extra extraordinary eye face fact fail fair fairly faith fall familiar
famous fancy far fast fault favor favorite favour favourite fear feel feeling fellow felt few fierce figure final find
fine finish finished fit fix follow followed following fond fool foolish forever forget forgive forgot forgotten form
former fortune forward found free freedom fresh friend friendly friendship front fun funny future game generous
gift glad goal gone grand grateful greedy greet grow guess guest guide habit happen happened happiness happy hard
harm hate hear heard heart heaven heavy hello helpful helpless high hobby holiday honest honor hope hoped horrible
hour huge human hundred hunger hurt idea imagination imagine imagined immense important impossible impress improve
include inform instant intend interest interested interesting invent invite invited jealous job joke journey joy
judge just keen keep kept kind kindness knew know knowledge known lack language large last late later lazy lead learn
learned learnt least leave led left lend less lesson let level lie life lift like likely listen live lived lively
living lonely long lose loss lost lot loud loved lovely low luck lucky mad magic magical main manage manner mark
marvelous marvellous matter mean meaning meant meet met member memory mention merry message middle might mile million
mind minute mischief miss mistake modern moment month mood most move moved much mysterious mystery name named narrow
nasty natural near neat necessary need needed neighbourhood neither nervous nice nobody noise noisy normal note notice noticed
number obey offer offered opinion opposite order ordinary origin own pain pair part particular pass past path patience
patient pause peace peaceful perfect perhaps permission person piece pity place plan planned play played pleasant
pleased pleasure plenty point polite poor popular position possible power powerful practice practise prefer prepare
prepared present pretend pretended prize probably problem promise promised proper protect proud prove pull pure
purpose push put puzzle question quick quite race rare rather reach ready real realise realize realized reason
receive recognise recognize refuse regret relax relief remain remember remembered remind repeat reply rescue respect
rest return returned rich right risk rude rule rush sad safe safety same satisfied save saved say scare scared
scary search secret seem seemed sense separate serious serve set several shadow shake shame shape share shared sharp
shock short show shy sick side sigh sign silence silent silly similar simple single sit size skill slept slight slow
small smart smell soft solve sort sorrow soul sound speak special speed spend spent spirit spite spot stand start
state stay stayed step still stop story strange stranger strength strong stubborn stuff stupid success such sudden
suffer suggest support suppose sure surprise surprised surprising suspect sweet taste teach tease tell terrible
terrified terror thankful thick thin thing think thought thousand threaten tired title together told tone tonight
total touch tough towards trick trip trouble true trust truth try turn twice type ugly unable understand understood
unhappy unique unusual upset use used useful useless usual valuable value various view visit visited visitor voice
wake warn waste watch way weak wealth weather weekend weird whatever whenever wherever whole wicked wide wild
wise wisdom wish woke wonder wondered wonderful word work worked world worried worry worse worst worth wrong yet
minutes hours days weeks years months moments
january february april june july august september october november december
monday tuesday wednesday thursday friday saturday sunday
mr mrs ms miss mister sir madam dr
one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand
oh ah aha hey ha haha hmm wow yay ouch oops ok okay yeah yep hooray hurrah hurray alas hush
i me my mine you your yours he him his she her hers it its we us our ours they them their theirs myself yourself
himself herself itself ourselves themselves who whom whose which what that this these those
cannot can't won't don't didn't doesn't isn't wasn't weren't couldn't wouldn't shouldn't haven't hasn't hadn't
couldn wouldn shouldn didn doesn don isn wasn weren haven hasn hadn won ain aren
afterwards anyway apart aside away backwards downstairs upstairs forth hence inside instead meanwhile nevertheless
nonetheless nowhere overhead sideways somehow sometime somewhat straight though thus upward whereas whether halfway
ahead aboard abroad across afar alike altogether anymore anytime
go goes went gone going get gets got getting give gives gave given giving take takes took taken taking make makes made
making bring brings brought bringing keep let lets letting hold holds held holding have has had having do does did doing
done be been being am is are was were become became becoming begin begins began begun look looked looking want wanted
send sent lay laid lain stick stuck happen shall should would could may must ought
bigger biggest smaller smallest older oldest younger youngest taller tallest longer longest shorter shortest higher highest
lower lowest closer closest nearer nearest faster fastest slower slowest louder loudest stronger strongest deeper deepest
darker darkest brighter brightest happier happiest earlier warmer colder
owner side top bottom middle front back inside outside end edge corner half rest pair group bunch piece lot kind sort
""")
PLAIN_EN = (COMMON | ADVERBS | AUXILIARIES | DETERMINERS | PREPOSITIONS | SPEECH | _ABSTRACT) - _SHOWN
"""English words that say nothing that a picture could show: function words, thoughts, feelings, talk, time."""
ABSTRACT_ENDS = ("ness", "tude", "ism", "ment", "ance", "ence", "ency", "ancy", "ssion", "ation", "ition", "ly")
"""Ends of English words for what cannot be seen; "ly", that of adverbs, is one more."""
SHOWN_ENDS = word_set("""
station monument harness ambulance fence plantation apartment basement instrument parliament
dance prance lance entrance audience
fly butterfly dragonfly firefly jelly belly lily holly curly woolly
""")
"""Words with such an end that a picture can show."""
AS_THEY_ARE = word_set("""
bed red seed sled shed building wedding ceiling pudding clothing darling duckling gosling dumpling steed breed
bus glass grass dress cross octopus cactus iris walrus bass king ring wing string spring swing sting
""")
"""Words that end like a form of another word."""
_FORMS = """
ate eaten eat, bit bitten bite, blew blown blow, broke broken break, built build, burnt burn, caught catch,
crept creep, dealt deal, drew drawn draw, drank drunk drink, drove driven drive, dug dig, fed feed, fell fallen fall,
fought fight, fled flee, flew flown fly, froze frozen freeze, grew grown grow, hid hidden hide, hung hang, kept keep,
knelt kneel, knitted knit, leapt leap, leant lean, lit light, paid pay, rang rung ring, rode ridden ride, risen rise,
ran run, sang sung sing, sank sunk sink, sat sit, saw seen see, sold sell, sewn sew, shone shine, shook shaken shake,
shot shoot, shut shut, slept sleep, slid slide, spilt spill, sprang sprung spring, spun spin, stole stolen steal,
stood stand, strode stride, struck strike, stung sting, swam swum swim, swept sweep, swung swing, threw thrown throw,
tore torn tear, trod tread, wept weep, wore worn wear, wove woven weave, wound wind, woke woken wake, wrote written write,
bought buy, taught teach, went gone go, came come, came come, bent bend, bound bind, lay lain lie, dying died die, lying lie, tying tied tie,
men man, women woman, children child, people person, mice mouse, geese goose, feet foot, teeth tooth, oxen ox, sheep sheep,
wolves wolf, leaves leaf, loaves loaf, knives knife, wives wife, shelves shelf, elves elf, halves half, calves calf,
scarves scarf, hooves hoof, thieves thief, dwarves dwarf, tomatoes tomato, potatoes potato, heroes hero, echoes echo,
snowmen snowman, policemen policeman, firemen fireman, fishermen fisherman, shoes shoe, canoes canoe, toes toe,
horses horse, houses house, roses rose, noses nose, cheeses cheese, nurses nurse, vases vase, bees bee, trees tree, pies pie, ties tie,
movies movie, cookies cookie, fairies fairy, zombies zombie, pixies pixie, axes axe
"""
IRREGULAR = {form: words[-1] for words in map(str.split, _FORMS.split(",")) for form in words[:-1]}
"""Irregular form -> base form."""
PLAIN_ZH = word_set("""
是 有 没有 在 说 想 要 会 能 可以 可能 应该 必须 觉得 认为 知道 以为 希望 决定 发现 看见 看到 看 听 听见 听到 听说 感到 感觉 明白 记得 记住 忘记
忘 相信 喜欢 爱 讨厌 害怕 怕 担心 高兴 开心 快乐 难过 伤心 生气 着急 激动 兴奋 幸福 满意 惊讶 奇怪 好奇 勇敢 聪明 善良 可爱 美丽 漂亮
好看 好 坏 对 错 真 假 多 少 大 小 长 短 高 低 远 近 快 慢 早 晚 新 旧 老 年轻 重要 有趣 有名 特别 非常 十分 突然 忽然 终于 一定
一样 一起 一直 一边 一下 一点 来 去 到 走 回 回来 回去 回到 回家 过来 过去 出来 出去 出 进 进来 进去 进入 上 下 上来 上去 下来 下去 起来 开始
继续 结束 停 停下 停止 完成 成为 变成 变 成 当 做 作 干 办 用 使 使用 让 叫 叫做 名叫 请 给 送 拿 带 带来 带着 把 被 得 得到 找 找到
寻找 等 等待 跟 跟着 帮 帮助 帮忙 谢谢 感谢 问 回答 告诉 说道 问道 答应 答 喊 喊道 叫道 讲 讲述 聊天 谈 道 道歉 表示 介绍 解释 商量 同意
拒绝 答道 遇见 遇到 见 见到 见面 认识 住 住在 生活 活 出现 消失 不见 失去 丢 离开 到达 来到 前往 出发 准备 打算 计划 努力 试 试着 试图
尝试 学 学习 学会 教 懂 懂得 需要 愿意 敢 肯 够 算 像 好像 似乎 如同 属于 包括 留 留下 放 放下 放在 放进 拿出 取 取出 拿起 收 收到 接 接过 换
加 加入 参加 保护 救 救出 解决 改变 选 选择 代表 发生 进行 通过 经过 路过 充满 变得 显得 成功 失败 胜利 赢 输 玩 玩耍 忍不住 不知 不会 不能 不是
不要 没 不 无 非 别 时候 时间 时 天 日 日子 年 月 分钟 小时 早上 早晨 上午 中午 下午 晚上 今天 明天 昨天 后来 从前 以前 以后 之后 之前 当时 现在
那天 有一天 一天 第二天 最后 事 事情 东西 办法 方法 问题 原因 道理 故事 名字 声音 话 主意 秘密 心 心情 心里 心中 内心 梦 梦想 愿望 生命 世界 地方 方向
旁边 里面 外面 上面 下面 前面 后面 中间 附近 周围 四周 身边 眼前 面前 身上 手里 手中 怀里 边 里 外 旁 部分 样子 情况 机会 力气 力量 勇气 友谊 朋友
伙伴 小伙伴 好朋友 大家 人 人们 别人 自己 主人 孩子 孩子们 家 家里 回事 一切 意思 意见 思 夫 关系 结果 消息 经历 冒险 危险 安全 困难 简单 容易 有意思 着 了 过
完 住 开 掉 出发 忙 急 连忙 急忙 赶紧 赶快 马上 立刻 慢慢 轻轻 悄悄 静静 渐渐 偷偷 大声 小声 小心 认真 仔细 耐心 热情 友好 温柔 骄傲 害羞 孤单 孤独 寂寞
惊喜 感动 后悔 失望 无聊 累 饿 渴 困 疼 痛 痛苦 舒服 温暖 热闹 安静 平静 神奇 神秘 古老 普通 各种 所有 许多 很多 不少 全部 整个 其他 另 每 各 本 该 这 那
什么 怎么 为什么 哪里 多么 不用 不想 只好 只是 就是 还是 还有 可是 但是 不过 然后 于是 因为 所以 如果 虽然 即使 只要 只有 出门 起床 过 死 活着 出生 长大
是否 而是 使劲 用力 拼命 往前 向前 不停 不断 到处 到底 原来 居然 竟然 当然 其实 也许 大概 恐怕 果然 几乎 正在 已经 曾经 仍然 永远 经常 常常 总是 有时 偶尔
发出 传来 响起 想起 想到 想要 听着 看着 望 望着 瞧 瞧见 照顾 关心 陪 陪伴 分享 欢迎 祝 祝福 祝贺 庆祝 夸 表扬 批评 骂 怪 原谅 安慰 鼓励 邀请 打招呼
大喊 大叫 嚷 嚷嚷 叹 叹气 明亮 美好 美妙 干净 清楚 合适 珍贵 宝贵 好吃 好玩 好听 好心 细心 粗心 懒 懒惰 勤劳 诚实 狡猾 厉害 强壮 力大无穷 善 恶 一般 完全
""")
"""Chinese words that say nothing that a picture could show."""
SOUNDS_ZH = frozenset(
    "阿埃艾安奥巴贝比波布达德迪蒂多恩尔菲芬弗福格哈赫亨霍基卡凯科克拉兰劳勒雷蕾里丽利莉琳卢鲁露罗洛玛迈曼梅蒙米莫姆娜纳尼妮诺欧帕佩皮普奇乔琼瑞萨塞莎珊"
    "什斯索塔泰特托瓦威维温沃西希夏谢雅亚伊因英尤约扎詹朱兹佐伦丝华当贾黛"
)
"""Characters that spell foreign names by their sound."""
# fmt: on
