"""Names of characters, English with Chinese; a name of the first four groups tells the kind."""

_GIRLS = (
    "Mia 米娅, Lily 莉莉, Rose 罗丝, Emma 艾玛, Anna 安娅, Ella 艾拉, Lucy 露西, Amy 艾米, Zoe 佐伊, Ruby 露比, Alice 爱丽丝, "
    "Daisy 黛西, Grace 格蕾丝, Sophie 苏菲, Chloe 克洛伊, Nora 诺拉, Ivy 艾薇, Molly 莫莉, Eva 伊娃, Clara 克拉拉, Lena 莱娜, "
    "Hannah 汉娜, Maya 玛雅, Poppy 波比, Jenny 珍妮, Kate 凯特, Tina 蒂娜, Sara 萨拉, Nina 妮娜, Wendy 温蒂, Olive 奥莉芙, "
    "Holly 霍莉, Lisa 丽莎, Fay 菲依, June 小琼, May 小美, Mei 梅梅, Lan 小兰"
)
_BOYS = (
    "Mike 迈克, Jon 乔恩, Ben 本恩, Tom 汤姆, Sam 萨姆, Max 马克斯, Leo 利奥, Jack 杰克, Tim 蒂姆, Dan 小丹, Finn 芬恩, Noah 诺亚, "
    "Adam 亚当, Luke 卢克, Oscar 奥斯卡, Peter 彼得, Henry 亨利, Theo 西奥, Nick 尼克, Alex 亚历克斯, Eric 埃里克, Hugo 雨果, "
    "Jake 贾克, Kai 小凯, Liam 利亚姆, Owen 欧文, Paul 保罗, Ryan 瑞安, Toby 托比, Will 威尔, Danny 达尼, Andy 安迪, Felix 费利克斯, "
    "Charlie 查理, Ming 小明, Wei 小伟, Bobby 鲍比, Joe 阿乔"
)
_WOMEN = (
    "Mum 妈妈, Grandma 奶奶, Mrs. Hill 希尔太太, Mrs. Miller 米勒太太, Miss Parker 帕克小姐, Aunt Sally 萨莉阿姨, Mary 玛丽, "
    "Susan 苏珊, Helen 海伦, Julia 朱莉娅, Diana 戴安娜, Martha 玛莎, Laura 劳拉, Karen 凯伦, Linda 琳达, Carol 卡罗尔, "
    "Barbara 芭芭拉, Ruth 露丝, Alma 阿尔玛, Vera 薇拉, Irene 艾琳, Judith 朱迪思, Teresa 特蕾莎, Monica 莫妮卡, Paula 葆拉, "
    "Ingrid 英格丽德, Elena 埃琳娜, Sandra 桑德拉, Victoria 维多利亚, Claire 克莱尔, Aunt Li 李阿姨, Mrs. Wang 王太太"
)
_MEN = (
    "Dad 爸爸, Grandpa 爷爷, Mr. Hill 希尔先生, Mr. Miller 米勒先生, Mr. Parker 帕克先生, Uncle Bob 鲍勃叔叔, George 乔治, "
    "Frank 弗兰克, Robert 罗伯特, David 大卫, Edward 爱德华, Walter 沃尔特, Arthur 亚瑟, Karl 卡尔, Martin 马丁, Simon 西蒙, "
    "Victor 维克多, Albert 阿尔伯特, Bruno 布鲁诺, Carlos 卡洛斯, Dennis 丹尼斯, Ernest 欧内斯特, Gerald 杰拉德, Howard 霍华德, "
    "James 詹姆斯, Kenneth 肯尼斯, Louis 路易斯, Philip 菲利普, Richard 理查德, Stefan 斯特凡, Uncle Zhang 张叔叔, Mr. Chen 陈先生"
)
_GRANDMOTHERS = (
    "Nana 姥姥, Granny Betty 贝蒂婆婆, Granny Edith 伊迪丝婆婆, Granny Agnes 阿格妮丝婆婆, Granny Hilda 希尔达婆婆, Granny Nell 内尔婆婆, "
    "Granny Maud 莫德婆婆, Granny Doris 多丽丝婆婆, Granny Elsie 埃尔茜婆婆, Granny Greta 格蕾塔婆婆, Granny Olga 奥尔加婆婆, "
    "Granny Bertha 贝莎婆婆, Granny Pam 帕姆婆婆, Granny Joan 琼恩婆婆, Granny Wang 王婆婆, Granny Chen 陈婆婆, Granny Lin 林婆婆, "
    "Granny Zhou 周婆婆, Granny Sun 孙婆婆, Granny Xu 徐婆婆, Old Mrs. Brown 布朗老太太, Old Mrs. Green 格林老太太, "
    "Old Mrs. Wood 伍德老太太, Old Mrs. Baker 贝克老太太, Old Mrs. Fisher 费舍尔老太太, Old Mrs. Stone 斯通老太太, "
    "Old Mrs. Zhao 赵老太太, Old Mrs. Wu 吴老太太, Old Mrs. Gao 高老太太, Old Mrs. Feng 冯老太太"
)
_GRANDFATHERS = (
    "Gramps 外公, Grandad 姥爷, Old Joseph 老约瑟夫, Old Harold 老哈罗德, Old Otto 老奥托, Old Stan 老斯坦, Old Ralph 老拉尔夫, "
    "Old Norman 老诺曼, Old Cyril 老西里尔, Old Alfred 老阿尔弗雷德, Old Basil 老巴兹尔, Old Ivan 老伊凡, Old Hans 老汉斯, "
    "Old Emil 老埃米尔, Old Abel 老亚伯, Old Noel 老诺埃尔, Old Lin 林老伯, Old Zhou 周老伯, Old Sun 孙老伯, Old Xu 徐老伯, "
    "Old Mr. Brown 布朗老先生, Old Mr. Green 格林老先生, Old Mr. Wood 伍德老先生, Old Mr. Baker 贝克老先生, "
    "Old Mr. Fisher 费舍尔老先生, Old Mr. Stone 斯通老先生, Old Mr. Zhao 赵老先生, Old Mr. Wu 吴老先生, Old Mr. Gao 高老先生, "
    "Old Mr. Feng 冯老先生"
)
_SHE_ANIMALS = (
    "Fluffy 毛毛, Bella 贝拉, Luna 露娜, Coco 可可, Honey 蜜糖, Misty 小雾, Pearl 珍珠, Cleo 克莉奥, Willow 小柳, Snowy 雪球, "
    "Cherry 樱桃, Peaches 桃桃, Dolly 多莉, Tilly 蒂莉, Minnie 米妮, Stella 斯黛拉, Pippa 皮帕, Sunny 阳阳"
)
_HE_ANIMALS = (
    "Rusty 小锈, Buddy 巴迪, Whiskers 胡须, Ginger 姜姜, Hoppy 豆豆, Patch 斑斑, Teddy 泰迪, Socks 袜袜, "
    "Biscuit 饼饼, Cookie 曲奇, Rocky 洛奇, Mango 芒果, Waffles 华夫, Bobo 波波, Pip 皮皮, Scout 小侦, Ziggy 齐格"
)


def _pairs(table: str) -> dict[str, str]:
    return {en: zh for en, _, zh in (entry.rpartition(" ") for entry in table.split(", "))}


_FEMALE = {
    "girl": _pairs(_GIRLS),
    "woman": _pairs(_WOMEN),
    "grandmother": _pairs(_GRANDMOTHERS),
    "animal": _pairs(_SHE_ANIMALS),
}
_MALE = {
    "boy": _pairs(_BOYS),
    "man": _pairs(_MEN),
    "grandfather": _pairs(_GRANDFATHERS),
    "animal": _pairs(_HE_ANIMALS),
}

CHINESE: dict[str, str] = {
    en: zh for group in (_FEMALE, _MALE) for pairs in group.values() for en, zh in pairs.items()
}
"""Chinese name of every English one."""

_SHE = frozenset(name for pairs in _FEMALE.values() for name in pairs)
_ANIMAL_NAMES = (*_FEMALE["animal"], *_MALE["animal"], *_FEMALE["girl"], *_MALE["boy"])
_BY_KIND = {kind: tuple(names) for kind, names in (_FEMALE | _MALE).items() if kind != "animal"}


def names_for(kind: str) -> tuple[str, ...]:
    """English names that fit `kind`; animals may also have the names of children."""
    return _BY_KIND.get(kind, _ANIMAL_NAMES)


def is_female(name: str, kind: str) -> bool:
    """Whether one says "she" of the character."""
    if kind in _BY_KIND:
        return kind in _FEMALE
    return name in _SHE
