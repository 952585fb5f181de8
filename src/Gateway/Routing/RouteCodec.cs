using System.Globalization;
using System.Security.Cryptography;
using Tollgate.Foundation;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Routing;

/// <summary>A route as bytes of the snapshot, and back. What the upstream must not share with whoever reads the disk is sealed, for the one API.</summary>
internal sealed class RouteCodec(ISecretBox box)
{
    public void Write(SnapshotBuffer buffer, ApiRoute route)
    {
        buffer.Id(route.ApiId);
        buffer.Id(route.ProviderOrganizationId);
        buffer.Text(route.OrganizationSlug);
        buffer.Text(route.ApiSlug);
        buffer.Text(route.HostName);
        buffer.Int32(route.Version);
        buffer.Text(route.Upstreams.FirstUrl);
        buffer.Bytes(box.Seal(Purpose(route.ApiId), Secrets(route)));
        buffer.Int64(route.Timeout.Ticks);
        buffer.Int32(route.Operations.Count);
        foreach (var operation in route.Operations)
        {
            buffer.Id(operation.Id);
            buffer.Text(operation.Method);
            buffer.Text(operation.Template);
        }
        buffer.Text(route.Upstreams.Write());
        buffer.Int32(route.FormerSlugs.Count);
        foreach (var slug in route.FormerSlugs)
            buffer.Text(slug);
    }

    /// <param name="reader">At the beginning of a route.</param>
    /// <param name="single">As it was written before an API could have several upstreams.</param>
    /// <param name="renamed">As it is written since an organization can give up its slug.</param>
    /// <param name="opened">False: sealed with a key that this program does not have. The route is without its secrets then.</param>
    public ApiRoute Read(ref SnapshotReader reader, bool single, bool renamed, out bool opened)
    {
        var (api, provider) = (reader.Id(), reader.Id());
        var (organization, slug, host) = (reader.Text()!, reader.Text()!, reader.Text());
        var (version, upstream) = (reader.Int32(), reader.Text()!);
        opened = TryOpen(api, reader.Bytes(), out var signing, out var headers);
        var timeout = TimeSpan.FromTicks(reader.Int64());
        var operations = new OperationRoute[reader.Int32()];
        for (var i = 0; i < operations.Length; i++)
            operations[i] = new OperationRoute(reader.Id(), string.Intern(reader.Text()!), reader.Text()!);
        var upstreams = UpstreamPlan.Read(upstream, single ? null : reader.Text());
        var former = new string[renamed ? reader.Int32() : 0];
        for (var i = 0; i < former.Length; i++)
            former[i] = reader.Text()!;
        return new ApiRoute(api, provider, organization, slug, host, version, upstreams, headers, signing, timeout, operations) { FormerSlugs = former };
    }

    private bool TryOpen(Guid api, ReadOnlySpan<byte> secret, out byte[] signing, out KeyValuePair<string, string>[] headers)
    {
        (signing, headers) = ([], []);
        byte[] plain;
        try
        {
            plain = box.Open(Purpose(api), secret);
        }
        catch (CryptographicException)
        {
            return false;
        }
        var secrets = new SnapshotReader(plain);
        signing = secrets.Bytes().ToArray();
        headers = new KeyValuePair<string, string>[secrets.Int32()];
        for (var i = 0; i < headers.Length; i++)
            headers[i] = new(secrets.Text()!, secrets.Text()!);
        return true;
    }

    private static byte[] Secrets(ApiRoute route)
    {
        var plain = new SnapshotBuffer();
        plain.Bytes(route.SigningSecret);
        plain.Int32(route.UpstreamHeaders.Count);
        foreach (var (name, value) in route.UpstreamHeaders)
        {
            plain.Text(name);
            plain.Text(value);
        }
        return plain.Written.ToArray();
    }

    private static string Purpose(Guid apiId) => string.Create(CultureInfo.InvariantCulture, $"gateway.route_snapshot/{apiId:N}");
}
