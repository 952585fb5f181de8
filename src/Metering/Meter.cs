namespace Tollgate.Metering;

/// <summary>
/// A built-in meter: a named quantity with a code for the journal. Codes are part of the journal's format and never reused.
/// Amounts are whole numbers of the meter's unit (bytes for bytes.out, millionths of a US dollar for ai.cost).
/// </summary>
public readonly record struct Meter(byte Code, string Name)
{
    public static readonly Meter Requests = new(1, "requests");
    public static readonly Meter Actions = new(2, "actions");
    public static readonly Meter Turns = new(3, "turns");
    public static readonly Meter MirrorSessions = new(4, "mirror.sessions");
    public static readonly Meter AiTokens = new(5, "ai.tokens");
    public static readonly Meter AiCost = new(6, "ai.cost");
    public static readonly Meter BytesOut = new(7, "bytes.out");

    /// <summary>Codes from here on belong to meters that providers declare (<see cref="IMeters"/>): each is of one organization, and none is ever in a journal.</summary>
    public const byte FirstDeclaredCode = 128;

    private const string DeclaredPrefix = "x.";

    // To walk over a list is an enumerator each time, and each answer names its meters.
    private static readonly Meter[] BuiltIn = [Requests, Actions, Turns, MirrorSessions, AiTokens, AiCost, BytesOut];

    public static IReadOnlyList<Meter> All => BuiltIn;

    public static bool IsDeclared(byte code) => code >= FirstDeclaredCode;

    /// <summary>True for names of the form that declared meters have; whether there is one, <see cref="IMeters"/> knows.</summary>
    public static bool IsDeclared(string? name) => name?.StartsWith(DeclaredPrefix, StringComparison.Ordinal) is true;

    /// <summary>The name of an organization's own meter.</summary>
    public static string DeclaredName(string organizationSlug, string name) => $"{DeclaredPrefix}{organizationSlug}.{name}";

    public static Meter? Find(string? name)
    {
        foreach (var meter in BuiltIn)
            if (string.Equals(meter.Name, name, StringComparison.Ordinal))
                return meter;
        return null;
    }

    public static Meter? Find(byte code)
    {
        foreach (var meter in BuiltIn)
            if (meter.Code == code)
                return meter;
        return null;
    }
}
