"""Each peer beside what of ours does the same."""


def compare(measured):
    by_name = {figure["what"]: figure for figure in measured}
    beside = {"Fossil: timeline": "ours: page", "Dovecot: LMTP to five": "ours: send"}
    for figure in measured:
        if figure["what"].startswith("Roundcube"):
            beside[figure["what"]] = "ours: page"
    for what, our in beside.items():
        by_name[what]["times_ours"] = by_name[what]["cpu_ms"] / by_name[our]["cpu_ms"]
        by_name[what]["beside"] = our
    parts = ("Roundcube: rows of the list alone", "Roundcube: page around them")
    whole = sum(by_name[part]["cpu_ms"] for part in parts)
    measured.append({
        "what": "Roundcube: both, as a browser opens the list", "cpu_ms": whole,
        "times_ours": whole / by_name["ours: page"]["cpu_ms"], "beside": "ours: page",
    })
    return measured


def show(table):
    print(f"\n{'what':<48}{'CPU ms':>9}{'per second':>12}{'times ours':>12}")
    for figure in table:
        rate = f"{figure['per_second']:.0f}" if "per_second" in figure else ""
        ratio = f"{figure['times_ours']:.1f}" if "times_ours" in figure else ""
        print(f"{figure['what']:<48}{figure['cpu_ms']:>9.3f}{rate:>12}{ratio:>12}")
