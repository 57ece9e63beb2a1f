"""How amounts are said: 129,421.00 元 in tables, 壹万贰仟元整 wherever a person binds himself (支付结算办法 附一)."""

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
FEN_MAX = 10**18 - 1  # below ten thousand million million yuan, and within eight bytes


def yuan(fen: int) -> str:
    """12942100 → `129,421.00 元`; a minus stays before the digits."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{rest:02d} 元"


def fee(fen: int) -> str:
    """0 → 不收费, else as in tables."""
    return yuan(fen) if fen else "不收费"


def capital(fen: int) -> str:
    """1200000 → `壹万贰仟元整`. Raises ValueError beyond what cheques can say.

    The rules (正确填写票据和结算凭证的基本规定) leave 107,000.53 a choice of 零 before 角 or none; here there is none,
    so that one amount has one spelling: `壹拾万柒仟元伍角叁分`. 零 stands before 分 where there is no 角."""
    if abs(fen) > FEN_MAX:
        raise ValueError("金额超出大写的范围")
    if fen < 0:
        return f"负{capital(-fen)}"
    whole, (jiao, last) = fen // 100, divmod(fen % 100, 10)
    said = f"{_whole(whole)}元" if whole else ""
    if not jiao and not last:
        return f"{said or '零元'}整"
    if jiao:
        said += f"{DIGITS[jiao]}角"
    elif whole:
        said += "零"
    return f"{said}{DIGITS[last]}分" if last else f"{said}整"


def _whole(number: int) -> str:
    """Above a hundred million it is the same reading once more, followed by 亿: 壹万零贰亿."""
    high, low = divmod(number, 10**8)
    if high:
        zero = "零" if low and low < 10**7 else ""
        return f"{_whole(high)}亿{zero}{_whole(low)}"
    high, low = divmod(number, 10**4)
    if high:
        zero = "零" if low and low < 1000 else ""
        return f"{_group(high)}万{zero}{_group(low)}"
    return _group(low)


def _group(group: int) -> str:
    said, gap = "", False
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if digit:
            said += ("零" if gap and said else "") + DIGITS[digit] + PLACES[place]
        gap = not digit
    return said
