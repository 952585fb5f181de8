using System.Collections.Frozen;
using System.Text;

namespace Tollgate.Gateway.Forwarding;

/// <summary>The usual methods as bytes, once for all.</summary>
internal static class MethodBytes
{
    private static readonly FrozenDictionary<string, byte[]> Known = new[] { "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE" }
        .ToFrozenDictionary(method => method, Encoding.ASCII.GetBytes, StringComparer.Ordinal);

    public static ReadOnlyMemory<byte> Of(string method) => Known.TryGetValue(method, out var bytes) ? bytes : Encoding.ASCII.GetBytes(method);
}
