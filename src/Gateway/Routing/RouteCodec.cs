using System.Globalization;
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
    /// <exception cref="System.Security.Cryptography.CryptographicException">Sealed with a key that this program does not have.</exception>
    public ApiRoute Read(ref SnapshotReader reader, bool single, bool renamed)
    {
        var (api, provider) = (reader.Id(), reader.Id());
        var (organization, slug, host) = (reader.Text()!, reader.Text()!, reader.Text());
        var (version, upstream) = (reader.Int32(), reader.Text()!);
        var secrets = new SnapshotReader(box.Open(Purpose(api), reader.Bytes()));
        var signing = secrets.Bytes().ToArray();
        var headers = new KeyValuePair<string, string>[secrets.Int32()];
        for (var i = 0; i < headers.Length; i++)
            headers[i] = new(secrets.Text()!, secrets.Text()!);
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
