"""Text -> Story: sentences, cast, pronouns, places and intended changes, all by rules (English and Chinese)."""

from lianhuan.script.read import MAX_CHARACTERS, decode_text, parse_story, read_story

__all__ = ["MAX_CHARACTERS", "decode_text", "parse_story", "read_story"]
