"""What a verifier says of an export that does not hold."""


class Bad(ValueError):
    pass


def need(holds, what):
    if not holds:
        raise Bad(what)
