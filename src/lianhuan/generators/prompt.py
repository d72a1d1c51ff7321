"""The words that a text-to-image checkpoint is asked with, made from the state of the story."""

from lianhuan.story import PageRequest


def page_prompt(request: PageRequest) -> str:
    """The prompt of a page: its caption, who is on stage with kind and look, the place, the style; "" if it says nothing.

    Names mean nothing to such a checkpoint, so each is told with what it stands for:
    "Mia ran to the sea, Mia is a girl, red coat, at the beach, watercolour".
    """
    parts = [request.caption.strip().rstrip(".")]
    for entry in request.stage:
        known = "" if entry.kind == "person" else f"a {entry.kind}"
        told = ", ".join(part for part in (known, entry.look) if part)
        parts.append(f"{entry.name} is {told}" if told else "")
    parts.append(f"at the {request.place}" if request.place else "")
    parts.append(request.style)
    return ", ".join(part for part in parts if part)
