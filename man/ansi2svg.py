"""Coloured text of a terminal, on standard input, as an SVG on standard output.

    python3 ansi2svg.py COLUMNS [dark|light] < text > picture.svg

It knows what httpmon and `tmux capture-pane -e` write: "select graphic rendition", and block elements, which are
drawn, so that they meet whatever the font. Without a theme the picture follows its reader's: dark or light.
"""

import re
import sys
import unicodedata
from xml.sax.saxutils import escape

WIDTH, HEIGHT, PAD = 8.43, 18, 14
THEMES = {
    "dark": ("#181b20", "#d5d8dc", "#3b4048 #f0616d #5fc27a #d9b44a #5b9df5 #c586e0 #3fb1c6 #d5d8dc"),
    "light": ("#ffffff", "#24292f", "#24292f #c2212e #1a7f37 #8f6300 #0a60d0 #8a3ab9 #0b7f94 #6e7781"),
}
SGR = re.compile(r"\x1b\[([0-9;]*)m")
PLAIN = {"fg": None, "bg": None, "bold": False, "dim": False, "reverse": False}


def cells(line, style):
    """Each column's character and style; the style goes on into the next line."""
    row, at = [], 0
    for found in [*SGR.finditer(line), None]:
        for c in line[at : found.start() if found else None]:
            row.append((c, dict(style)))
            if unicodedata.east_asian_width(c) in "WF":
                row.append((" ", dict(style)))
        if found:
            at = found.end()
            codes = iter([int(code or 0) for code in found[1].split(";")])
            for code in codes:
                change(style, code, codes)
    return row


def change(style, code, codes):
    if code == 0:
        style.update(PLAIN)
    elif code in (1, 2, 7):
        style[{1: "bold", 2: "dim", 7: "reverse"}[code]] = True
    elif code == 22:
        style.update(bold=False, dim=False)
    elif code == 27:
        style["reverse"] = False
    elif code in (38, 48):
        # 256 colours: the first sixteen have a name here, and 130 is the dark yellow of httpmon.
        if next(codes, None) == 5:
            number = next(codes, 0)
            style["fg" if code == 38 else "bg"] = 3 if number == 130 else number % 8
    elif code in (39, 49):
        style["fg" if code == 39 else "bg"] = None
    elif code // 10 in (3, 4, 9, 10):
        style["fg" if code // 10 in (3, 9) else "bg"] = code % 10


def block(c):
    """Where in its cell a block element lies: x, y, width, height as parts of the cell."""
    n = ord(c)
    if 0x2581 <= n <= 0x2588:
        part = (n - 0x2580) / 8
        return 0, 1 - part, 1, part
    if 0x2589 <= n <= 0x258F:
        return 0, 0, (0x2590 - n) / 8, 1
    return None


def name(color, default):
    return default if color is None else f"c{color}"


def picture(lines, columns, theme):
    width = columns * WIDTH + 2 * PAD
    height = len(lines) * HEIGHT + 2 * PAD
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}">', "<style>"]
    out.append("text{font:14px 'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace;white-space:pre}.bold{font-weight:700}.dim{opacity:.62}")
    themes = [theme] if theme else ["dark", "light"]
    for i, known in enumerate(themes):
        back, front, colors = THEMES[known]
        rules = f".b{{fill:{back}}}.f{{fill:{front}}}"
        rules += "".join(f".c{n}{{fill:{color}}}" for n, color in enumerate(colors.split()))
        out.append(f"@media (prefers-color-scheme:{known}){{{rules}}}" if i else rules)
    out += ["</style>", '<rect class="b" width="100%" height="100%" rx="8"/>']
    style = dict(PLAIN)
    for i, line in enumerate(lines):
        top = PAD + i * HEIGHT
        row = cells(line, style)
        start = 0
        while start < len(row):
            # A run of one style; of a text its words, each in its place.
            end = start + 1
            while end < len(row) and row[end][1] == row[start][1]:
                end += 1
            draw(out, "".join(c for c, _ in row[start:end]), row[start][1], PAD + start * WIDTH, top)
            start = end
    return "\n".join([*out, "</svg>"])


def draw(out, text, style, x, top):
    front, back = name(style["fg"], "f"), name(style["bg"], "b")
    if style["reverse"]:
        front, back = back, front
    weight = "".join(f" {kind}" for kind in ("bold", "dim") if style[kind])
    rect = '<rect class="{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"/>'.format
    if back != "b":
        out.append(rect(back, x, top, len(text) * WIDTH, HEIGHT))
    for found in re.finditer(r"[\u2581-\u258f]|[^\s\u2581-\u258f]+", text):
        at = x + found.start() * WIDTH
        part = block(found[0][0])
        if part:
            left, upper, wide, high = part
            # One of the same kind right behind is part of the same rectangle.
            last = out[-1]
            box = rect(front + weight, at + left * WIDTH, top + upper * HEIGHT, wide * WIDTH, high * HEIGHT)
            out[-1:] = joined(last, box)
        else:
            length = sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in found[0]) * WIDTH
            out.append(
                f'<text class="{front}{weight}" x="{at:.2f}" y="{top + 13.5:.1f}" textLength="{length:.2f}">{escape(found[0])}</text>'
            )


RECT = re.compile(r'<rect class="([^"]*)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/>')


def joined(last, box):
    """Two rectangles, or one where the second goes on where the first ends."""
    a, b = RECT.fullmatch(last), RECT.fullmatch(box)
    if a and a[1] == b[1] and a[3] == b[3] and a[5] == b[5] and abs(float(a[2]) + float(a[4]) - float(b[2])) < 0.02:
        wide = float(b[2]) + float(b[4]) - float(a[2])
        return [f'<rect class="{a[1]}" x="{a[2]}" y="{a[3]}" width="{wide:.2f}" height="{a[5]}"/>']
    return [last, box]


if __name__ == "__main__":
    lines = sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\n").split("\n")
    print(picture(lines, int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
