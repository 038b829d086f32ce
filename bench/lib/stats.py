"""Medians, spreads, and ratios with their 95 % interval."""
import math
import random
import statistics

# Student's t for two-sided 95 % by degrees of freedom; between the rows the smaller degree counts, which is the wider interval.
_T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228, 12: 2.179, 15: 2.131, 20: 2.086,
      30: 2.042, 60: 2.000, 120: 1.980}


def student(freedom):
    return _T[max(row for row in _T if row <= freedom)]


def spread(values):
    """Half of the distance between the quartiles, as a share of the median."""
    if len(values) < 2 or not statistics.median(values):
        return 0.0
    low, _, high = statistics.quantiles(values, n=4)
    return abs((high - low) / 2 / statistics.median(values))


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def paired_ratio(over, under):
    """The ratio of values measured in the same rounds, by the mean of its logarithm: (ratio, low, high)."""
    logs = [math.log(a / b) for a, b in zip(over, under)]
    mean = statistics.fmean(logs)
    half = student(len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else math.inf
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def bootstrap_ratio(over, under, draws=4000):
    """The same by medians of resampled rounds, for values that are differences and may come near nothing."""
    chance = random.Random(1)  # the same rounds give the same interval
    pairs = list(zip(over, under))

    def ratio(sample):
        divisor = statistics.median(b for _, b in sample)
        return statistics.median(a for a, _ in sample) / divisor if divisor > 0 else math.inf

    drawn = sorted(ratio([chance.choice(pairs) for _ in pairs]) for _ in range(draws))
    return ratio(pairs), drawn[int(draws * 0.025)], drawn[int(draws * 0.975)]
