"""The lines of the bars, as a program reads them, and the page for docs/."""
import math
import os
import statistics
import subprocess
import time

from lib.stats import bootstrap_ratio, paired_ratio, spread


class Line:
    def __init__(self, name, text, ratio, low, high, operator, bar, judged):
        self.name, self.text, self.ratio, self.low, self.high, self.operator, self.bar = name, text, ratio, low, high, operator, bar
        self.correct = True
        value = {'ratio': ratio, 'low': low, 'high': high}[judged]
        self.reached = value >= bar if operator == '>=' else value <= bar
        # By how much the bar is passed (above 1) or missed: what makes lines of one bar comparable.
        self.margin = value / bar if operator == '>=' else bar / value if value else math.inf

    def __str__(self):
        verdict = ('pass' if self.reached else 'fail') if self.correct else 'fail wrong_result'
        interval = '' if math.isnan(self.low) else f' interval={self.low:.4g}..{self.high:.4g}'
        return f'{self.name} ratio={self.ratio:.4g} bar{self.operator}{self.bar:g} {verdict}{interval} {self.text}'


class Report:
    """What a run has found. A wrong result makes every line of its case fail, however fast it was."""

    def __init__(self):
        self.lines, self.notes, self.wrong, self.case = [], [], [], ''

    def say(self, text):
        print(f'# {text}', flush=True)

    def note(self, text):
        """A figure that no bar asks for, kept with the results."""
        self.notes.append(f'{self.case} {text}')
        self.say(f'{self.case} {text}')

    def check(self, what, found, expected):
        if found != expected:
            self.wrong.append(f'{self.case}: {what}: found {str(found)[:300]}, expected {str(expected)[:300]}')
            self.say(f'WRONG {self.wrong[-1]}')

    def compare(self, name, ours, theirs, unit, operator, bar, *, over='ours', differences=False, judged='ratio', note=''):
        """ours and theirs: one value a round. over: which of the two the ratio has above."""
        pair = (ours, theirs) if over == 'ours' else (theirs, ours)
        ratio, low, high = (bootstrap_ratio if differences else paired_ratio)(*pair)
        text = (f'ours={_figure(statistics.median(ours))}{unit}~{spread(ours):.0%} theirs={_figure(statistics.median(theirs))}{unit}~{spread(theirs):.0%}'
                f' rounds={len(ours)}{" " + note if note else ""}')
        self.lines.append(Line(name, text, ratio, low, high, operator, bar, judged))

    def limit(self, name, values, unit, bar, note=''):
        """A bar that is a figure: the ratio is what was found over what is allowed."""
        value = statistics.median(values)
        text = f'ours={_figure(value)}{unit}~{spread(values):.0%} limit={bar:g}{unit} rounds={len(values)}{" " + note if note else ""}'
        low = high = math.nan
        if len(values) > 1 and min(values) > 0:
            _, low, high = paired_ratio(values, [bar] * len(values))
        self.lines.append(Line(name, text, value / bar, low, high, '<=', 1, 'ratio'))

    def close_case(self):
        """Prints the lines of the case, now that its results are known to be right or wrong, and one for the bar as a whole: the one with the least
        margin."""
        mine = [line for line in self.lines if line.name.split('.')[0] == self.case]
        wrong = any(text.startswith(f'{self.case}:') for text in self.wrong)
        for line in mine:
            line.correct = not wrong
            print(line)
        if mine:
            worst = min(mine, key=lambda line: line.margin)
            whole = Line(self.case, f'of={worst.name} lines={len(mine)}', worst.ratio, math.nan, math.nan, worst.operator, worst.bar, 'ratio')
            whole.reached, whole.correct = worst.reached, worst.correct
        else:
            whole = Line(self.case, 'broke_off', math.nan, math.nan, math.nan, '>=', math.nan, 'ratio')
            whole.correct = False
        self.lines.append(whole)
        print(whole, flush=True)

    def page(self, settings, quick, minutes):
        """docs/benchmarks.md"""
        head = ['# Benchmarks', '',
                f'Written by `make bench{"-quick" if quick else ""}`; [bench/README.md](../bench/README.md) says what each case does.' +
                (' **A quick run: small loads, few rounds; it shows that the cases work, and proves no bar.**' if quick else ''), '',
                f'- when: {time.strftime("%Y-%m-%d")}, {minutes:.0f} minutes', f'- commit: {commit()}', f'- machine: {machine()}',
                f'- settings: {", ".join(f"{name} = {value}" for name, value in settings)}', '',
                '`ratio` has its 95 % interval; `~` is half of the distance between the quartiles of the rounds.', '', '```']
        tail = ['```', '', '## Beside the bars', '', '```', *self.notes, '```']
        if self.wrong:
            tail += ['', '## Wrong results', '', *[f'- {text}' for text in self.wrong]]
        return '\n'.join(head + [str(line) for line in self.lines] + tail) + '\n'


def _figure(value):
    return f'{value:.0f}' if abs(value) >= 1000 else f'{value:.3g}'


def commit():
    shell = lambda *words: subprocess.run(['git', *words], capture_output=True, text=True, check=False).stdout.strip()
    found = os.environ.get('WF_COMMIT') or shell('rev-parse', '--short', 'HEAD') or 'unknown'
    return found + (' with changes' if shell('status', '--porcelain', '--', 'src', 'sql') else '')


def machine():
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        model = next((line.split(':')[1].strip() for line in file if line.startswith('model name')), 'unknown')
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30
    return f'{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Linux {os.uname().release}'
