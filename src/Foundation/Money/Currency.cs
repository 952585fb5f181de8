namespace Tollgate.Foundation;

/// <summary>ISO 4217 currencies that Tollgate prices in, with their minor units. Amounts are integers in minor units.</summary>
public static class Currency
{
    private static readonly System.Collections.Frozen.FrozenSet<string> NoMinorUnit =
        System.Collections.Frozen.FrozenSet.ToFrozenSet(["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"]);

    private static readonly System.Collections.Frozen.FrozenSet<string> ThreeDigits =
        System.Collections.Frozen.FrozenSet.ToFrozenSet(["bhd", "iqd", "jod", "kwd", "lyd", "omr", "tnd"]);

    private static readonly System.Collections.Frozen.FrozenSet<string> TwoDigits = System.Collections.Frozen.FrozenSet.ToFrozenSet([
        "aed", "ars", "aud", "bdt", "bgn", "brl", "cad", "chf", "cny", "cop", "czk", "dkk", "egp", "eur", "gbp", "gel", "ghs", "hkd", "huf", "idr", "ils", "inr",
        "isk", "kes", "kzt", "lkr", "mad", "mxn", "myr", "ngn", "nok", "nzd", "pen", "php", "pkr", "pln", "qar", "ron", "rsd", "sar", "sek", "sgd", "thb", "try",
        "twd", "tzs", "uah", "usd", "uyu", "zar"]);

    public static bool IsKnown(string? code) => code is not null && (TwoDigits.Contains(code) || NoMinorUnit.Contains(code) || ThreeDigits.Contains(code));

    /// <summary>10 to the power of the currency's minor digits: 100 for usd, 1 for jpy, 1000 for kwd.</summary>
    public static int MinorUnitsPerMajor(string code) => NoMinorUnit.Contains(code) ? 1 : ThreeDigits.Contains(code) ? 1000 : 100;
}
