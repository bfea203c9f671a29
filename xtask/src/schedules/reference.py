"""Random recurrence rules in random zones, and the times that python-dateutil finds for them: one JSON object a line.

Each line is a spec of a schedule, the time to ask after, the last time that was looked at, and the firing times.
"""

import calendar
import datetime as dt
import itertools
import json
import random
import sys
import zoneinfo

from dateutil import rrule, tz

FREQUENCIES = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
CRON_DAYS = ["1", "2", "3", "4", "5", "6", "0"]
# Days that are looked at; dateutil looks at every period of a rule in turn.
HORIZONS = {"DAILY": 10 * 365, "HOURLY": 300, "MINUTELY": 20, "SECONDLY": 3}
TIMES = 20
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
SECOND = dt.timedelta(seconds=1)


def seconds(instant):
    return (instant - EPOCH) // SECOND


def transition(dice, zone):
    """A civil time near one of the zone's jumps, if it has one in a random year."""
    year = dice.randint(1975, 2040)
    day = dt.datetime(year, 1, 1, tzinfo=dt.timezone.utc)
    jumps = []
    for _ in range(366):
        next_day = day + dt.timedelta(days=1)
        if day.astimezone(zone).utcoffset() != next_day.astimezone(zone).utcoffset():
            jumps.append(day)
        day = next_day
    if not jumps:
        return None
    jump = dice.choice(jumps).astimezone(zone).replace(tzinfo=None, minute=0, second=0)
    return jump + dt.timedelta(minutes=15 * dice.randint(-96, 144))


def some(dice, values, most):
    values = list(values)
    return sorted(dice.sample(values, min(len(values), dice.randint(1, most))))


def parts(dice, frequency, start):
    """The parts of a rule that RFC 5545 allows for this frequency."""
    by = {}
    index = FREQUENCIES.index(frequency)
    if dice.random() < 0.3:
        by["BYMONTH"] = some(dice, range(1, 13), 4)
    if frequency != "WEEKLY" and dice.random() < 0.3:
        by["BYMONTHDAY"] = some(dice, [*range(1, 32), *range(-31, 0)], 5)
    if frequency in ("YEARLY", "HOURLY", "MINUTELY", "SECONDLY") and dice.random() < 0.15:
        by["BYYEARDAY"] = some(dice, [*range(1, 367), *range(-366, 0)], 12)
    if frequency == "YEARLY" and dice.random() < 0.2:
        # dateutil takes 1 January 2011 for a day of week 53, ISO 8601 for one of week 52.
        by["BYWEEKNO"] = some(dice, [*range(1, 52), *range(-10, -2)], 5)
    if dice.random() < 0.45:
        days = some(dice, range(7), 4)
        if frequency in ("YEARLY", "MONTHLY") and "BYWEEKNO" not in by and dice.random() < 0.5:
            most = 5 if frequency == "MONTHLY" or "BYMONTH" in by else 53
            numbers = [number for number in range(-most, most + 1) if number]
            by["BYDAY"] = [f"{dice.choice(numbers)}{WEEKDAYS[day]}" for day in days]
        else:
            by["BYDAY"] = [WEEKDAYS[day] for day in days]
    for name, end, level in (("BYHOUR", 24, 4), ("BYMINUTE", 60, 5), ("BYSECOND", 60, 6)):
        if dice.random() < (0.35 if index <= level else 0.15):
            by[name] = some(dice, range(end), 3)
    if by and dice.random() < 0.25:
        # A position that no period has would take dateutil to the year 9999.
        is_long = index < 3 and ("BYDAY" in by or "BYMONTHDAY" in by)
        by["BYSETPOS"] = some(dice, [1, 2, 3, 4, 5, -1, -2, -3] if is_long and index < 2 else [1, -1], 2)
    return by


def steps(by):
    """Whether a rule of less than a day is worth walking: dateutil looks at each of its periods."""
    return not any(name in by for name in ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYSETPOS"))


def resolve(times, zone, gap, fold):
    """Civil times as instants."""
    instants = set()
    for time in times:
        aware = time.replace(tzinfo=zone)
        if not tz.datetime_exists(aware):
            if gap == "shift":
                instants.add(seconds(aware.astimezone(dt.timezone.utc)))
            continue
        first, last = (seconds(aware.replace(fold=fold).astimezone(dt.timezone.utc)) for fold in (0, 1))
        instants |= {"first": {first}, "last": {last}, "both": {first, last}}[fold]
    return sorted(instants)


def text(time):
    return time.strftime("%Y%m%dT%H%M%S")


def recurrence(dice, name, zone, start):
    """A rule, as a spec and as dateutil reads it."""
    frequency = dice.choice(FREQUENCIES)
    by = parts(dice, frequency, start)
    is_short = FREQUENCIES.index(frequency) > 3
    while is_short and not steps(by) and frequency != "HOURLY":
        by = parts(dice, frequency, start)
    interval = 1 if is_short and "BYHOUR" in by else dice.choice([1, 1, 1, 2, 3, 5, 7, 12, 30])
    rule = {"FREQ": frequency, "INTERVAL": interval, **by}
    if dice.random() < 0.4:
        rule["WKST"] = dice.choice(WEEKDAYS)
    horizon = start + dt.timedelta(days=HORIZONS.get(frequency, 30 * 365))
    gap, fold = dice.choice(["skip", "shift"]), dice.choice(["first", "last", "both"])
    ending = dice.random()
    if 0.2 <= ending < 0.4:
        rule["UNTIL"] = text(start + dt.timedelta(seconds=dice.randint(0, (horizon - start).days * 8640)))
    line = lambda rule: ";".join(
        f"{part}={','.join(map(str, value)) if isinstance(value, list) else value}" for part, value in rule.items()
    )
    spec = {"timezone": name, "dst": {"gap": gap, "fold": fold}}
    if ending > 0.9:
        # With an end in UTC, dateutil itself has to know the zone: a time that is skipped is then a later one.
        gap, fold = "shift", "first"
        spec["dst"] = {"gap": gap, "fold": fold}
        rule["UNTIL"] = text(start + dt.timedelta(days=dice.randint(2, max(2, (horizon - start).days // 10)))) + "Z"
        aware = rrule.rrulestr(line(rule), dtstart=start.replace(tzinfo=zone))
        times = (seconds(time.astimezone(dt.timezone.utc)) for time in aware)
        found = sorted(set(itertools.islice(times, TIMES + 10)))
    else:
        bounded = rule if "UNTIL" in rule else {**rule, "UNTIL": text(horizon)}
        # Times that are skipped come later, and change places with others: an hour of seconds.
        enough = 4000 if is_short else TIMES + 50
        times = list(itertools.islice(rrule.rrulestr(line(bounded), dtstart=start), enough))
        count = dice.randint(1, 40)
        # Counting times that are not there takes dateutil to the year 9999.
        if ending < 0.2 and len(times) >= count:
            rule["COUNT"] = count
            times = list(rrule.rrulestr(line(rule), dtstart=start))
        left_out = []
        if dice.random() < 0.2:
            left_out = some(dice, times, 5) if times else []
            times = [time for time in times if time not in left_out]
        found = resolve(times, zone, gap, fold)
        if left_out:
            line_of = line
            line = lambda rule: line_of(rule) + "\nEXDATE:" + ",".join(map(text, left_out))
    spec["rrule"] = [f"DTSTART:{text(start)}\nRRULE:{line(rule)}"]
    # The horizon is civil: a zone may be a day ahead of UTC.
    until = seconds(horizon.replace(tzinfo=dt.timezone.utc)) - 86400
    return {"spec": spec, "after": 0, "until": until, "fires": found}


def cron(dice, name, zone, start):
    """A cron expression or calendar, which is a daily rule."""
    by = {}
    fields = ["*"] * 7
    comma = lambda values: ",".join(map(str, values))
    for part, place, values in (("BYSECOND", 0, range(60)), ("BYMINUTE", 1, range(60)), ("BYHOUR", 2, range(24))):
        by[part] = some(dice, values, 3)
        fields[place] = comma(by[part])
    if dice.random() < 0.4:
        by["BYMONTHDAY"] = some(dice, range(1, 29), 5)
        fields[3] = comma(by["BYMONTHDAY"])
    if dice.random() < 0.4:
        by["BYMONTH"] = some(dice, range(1, 13), 4)
        fields[4] = comma(by["BYMONTH"])
    if dice.random() < 0.4:
        days = some(dice, range(7), 4)
        by["BYDAY"] = [WEEKDAYS[day] for day in days]
        fields[5] = comma(CRON_DAYS[day] for day in days)
    midnight = start.replace(hour=0, minute=0, second=0) - dt.timedelta(days=1)
    rule = "FREQ=DAILY;" + ";".join(f"{part}={comma(values)}" for part, values in by.items())
    times = itertools.islice(rrule.rrulestr(rule, dtstart=midnight), TIMES * 30)
    gap, fold = dice.choice(["skip", "shift"]), dice.choice(["first", "last", "both"])
    after = seconds(start.replace(tzinfo=zone).astimezone(dt.timezone.utc)) + 86400
    found = [time for time in resolve(times, zone, gap, fold) if time > after]
    spec = {"timezone": name, "dst": {"gap": gap, "fold": fold}}
    if dice.random() < 0.5:
        names = ["second", "minute", "hour", "day_of_month", "month", "day_of_week", "year"]
        spec["calendars"] = [dict(zip(names, fields))]
    else:
        spec["cron"] = [f"CRON_TZ={name} {' '.join(fields)}" if dice.random() < 0.3 else " ".join(fields)]
    until = found[-1] if found else after
    return {"spec": spec, "after": after, "until": until, "fires": found}


def case(dice, zones):
    name = dice.choice(zones)
    zone = zoneinfo.ZoneInfo(name)
    start = transition(dice, zone) if dice.random() < 0.8 else None
    if start is None:
        year, month = dice.randint(1975, 2040), dice.randint(1, 12)
        day = dice.randint(1, calendar.monthrange(year, month)[1])
        start = dt.datetime(year, month, day, dice.randint(0, 23), dice.choice([0, 15, 30, 59]), dice.choice([0, 0, 30]))
    return (cron if dice.random() < 0.25 else recurrence)(dice, name, zone, start)


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    dice = random.Random(seed)
    zones = sorted(zoneinfo.available_timezones())
    while count:
        try:
            made = case(dice, zones)
        except ValueError as error:
            # dateutil refuses a rule whose interval and hours never meet.
            if "Invalid combination" not in str(error) and "Invalid rrule" not in str(error):
                raise
            continue
        made["fires"] = [time for time in made["fires"] if made["after"] < time <= made["until"]][:TIMES]
        print(json.dumps(made))
        count -= 1


main()
