using System.Text;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Answers;

/// <summary>The upstream's fields on their way to the client. What was meant for the hop to the gateway, or is the gateway's own to say, is left out.</summary>
internal static class AnswerFields
{
    /// <returns>Whether the upstream said when it answered.</returns>
    public static bool Copy<T>(ReadOnlySpan<byte> head, FieldList fields, T answer)
        where T : struct, IAnswerFields
    {
        var (nominates, dated) = (false, false);
        foreach (ref readonly var field in fields.All)
        {
            nominates |= field.NameLength == 10 && Is(field.Name(head), "connection"u8);
            dated |= field.NameLength == 4 && Is(field.Name(head), "date"u8);
        }
        foreach (ref readonly var field in fields.All)
        {
            var name = field.Name(head);
            var value = field.Value(head);
            if (IsManaged(name) || (name.Length == 10 && Is(name, "set-cookie"u8) && PortalCookies.IsOurs(value)) || (nominates && IsNominated(head, fields, name)))
                continue;
            answer.Add(name, value);
        }
        return dated;
    }

    /// <summary>Of an upgrade: what the two ends agreed on.</summary>
    public static void CopyUpgrade<T>(ReadOnlySpan<byte> head, FieldList fields, T answer)
        where T : struct, IAnswerFields
    {
        foreach (ref readonly var field in fields.All)
            if (Is(field.Name(head), "upgrade"u8))
                answer.Add("Upgrade"u8, field.Value(head));
        answer.Add("Connection"u8, "Upgrade"u8);
    }

    // The answer's own nominations end at this hop too.
    private static bool IsNominated(ReadOnlySpan<byte> head, FieldList fields, ReadOnlySpan<byte> name)
    {
        foreach (ref readonly var field in fields.All)
            if (Is(field.Name(head), "connection"u8) && FieldValue.Lists(field.Value(head), name))
                return true;
        return false;
    }

    private static bool IsManaged(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 => Is(name, "te"u8),
        7 => Is(name, "upgrade"u8) || Is(name, "trailer"u8) || Is(name, "alt-svc"u8),
        9 => Is(name, "ratelimit"u8),
        10 => Is(name, "connection"u8) || Is(name, "keep-alive"u8),
        12 => Is(name, "x-request-id"u8),
        14 => Is(name, "content-length"u8),
        16 => Is(name, "ratelimit-policy"u8) || Is(name, "proxy-connection"u8),
        17 => Is(name, "transfer-encoding"u8) || Is(name, "x-ratelimit-limit"u8) || Is(name, "x-ratelimit-reset"u8),
        18 => Is(name, "proxy-authenticate"u8),
        21 => Is(name, "x-ratelimit-remaining"u8),
        25 => Is(name, "proxy-authentication-info"u8),
        _ => false,
    };

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower) => Ascii.EqualsIgnoreCase(name, lower);
}
