using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Gateway.BuiltIn;

/// <summary>Does what a valid request asks; the answer is <c>{id, action, result}</c>.</summary>
internal static class ActionRunner
{
    public static async Task<ReadOnlyMemory<byte>> RunAsync(ActionRequest request, string id, TimeProvider clock, CancellationToken cancellation)
    {
        if (request.Action == "wait")
            await Task.Delay(TimeSpan.FromMilliseconds(request.Milliseconds!.Value), clock, cancellation).ConfigureAwait(false);
        return JsonAnswer.Write(writer =>
        {
            writer.WriteString("id"u8, id);
            writer.WriteString("action"u8, request.Action);
            writer.WriteStartObject("result"u8);
            switch (request.Action)
            {
                case "echo":
                    writer.WriteString("text"u8, request.Text);
                    break;
                case "digest":
                    writer.WriteString("algorithm"u8, request.Algorithm);
                    writer.WriteString("hex"u8, Convert.ToHexStringLower(Digest(request.Algorithm!, Encoding.UTF8.GetBytes(request.Text!))));
                    break;
                default:
                    writer.WriteNumber("milliseconds"u8, request.Milliseconds!.Value);
                    break;
            }
            writer.WriteEndObject();
        });
    }

    private static byte[] Digest(string algorithm, byte[] bytes) => algorithm switch
    {
        "sha256" => SHA256.HashData(bytes),
        "sha384" => SHA384.HashData(bytes),
        _ => SHA512.HashData(bytes),
    };
}
