using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Answers;

/// <summary>Where the fields of an answer are written to.</summary>
internal interface IAnswerFields
{
    /// <summary>One more line.</summary>
    void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);

    bool Has(ReadOnlySpan<byte> name);
}

/// <summary>A server's fields, for HTTP/2 and for answers that are put together in pieces.</summary>
internal readonly struct ServerFields(IHeaderDictionary headers) : IAnswerFields
{
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var key = StringCache.Shared.Get(name);
        var text = StringCache.Shared.Get(value);
        headers[key] = headers.TryGetValue(key, out var before) && before.Count > 0 ? StringValues.Concat(before, text) : text;
    }

    public bool Has(ReadOnlySpan<byte> name) => headers.ContainsKey(StringCache.Shared.Get(name));
}

/// <summary>The head of an answer as it goes out.</summary>
internal readonly struct HeadFields(HeadBuffer head) : IAnswerFields
{
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => head.Field(name, value);

    public bool Has(ReadOnlySpan<byte> name)
    {
        for (var rest = head.Written.Span; rest.IndexOf("\r\n"u8) is >= 0 and var end; rest = rest[(end + 2)..])
            if (end > name.Length && rest[name.Length] == ':' && Ascii.EqualsIgnoreCase(rest[..name.Length], name))
                return true;
        return false;
    }
}
