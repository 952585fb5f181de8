using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tollgate.Gateway.Answers;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>The upstream's fields on their way to the client. What was meant for the hop to the gateway, or is the gateway's own to say, is left out.</summary>
internal static class AnswerFields
{
    public static void Copy(ReadOnlySpan<byte> head, FieldList fields, IHeaderDictionary answer)
    {
        var nominates = false;
        foreach (ref readonly var field in fields.All)
        {
            var name = field.Name(head);
            if (IsManaged(name))
            {
                nominates |= name.Length == 10 && Is(name, "connection"u8);
                continue;
            }
            var value = field.Value(head);
            if (name.Length == 10 && Is(name, "set-cookie"u8) && PortalCookies.IsOurs(value))
                continue;
            var key = StringCache.Shared.Get(name);
            var text = StringCache.Shared.Get(value);
            answer[key] = answer.TryGetValue(key, out var before) && before.Count > 0 ? StringValues.Concat(before, text) : text;
        }
        if (nominates)
            RemoveNominated(head, fields, answer);
    }

    /// <summary>Of an upgrade: what the two ends agreed on.</summary>
    public static void CopyUpgrade(ReadOnlySpan<byte> head, FieldList fields, IHeaderDictionary answer)
    {
        foreach (ref readonly var field in fields.All)
            if (Is(field.Name(head), "upgrade"u8))
                answer.Upgrade = StringCache.Shared.Get(field.Value(head));
        answer.Connection = "Upgrade";
    }

    // The answer's own nominations end at this hop too.
    private static void RemoveNominated(ReadOnlySpan<byte> head, FieldList fields, IHeaderDictionary answer)
    {
        foreach (ref readonly var field in fields.All)
        {
            if (!Is(field.Name(head), "connection"u8))
                continue;
            foreach (var option in Encoding.Latin1.GetString(field.Value(head)).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                answer.Remove(option);
        }
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
