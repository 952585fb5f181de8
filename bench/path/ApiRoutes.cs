using Tollgate.Foundation;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.path;

/// <summary>So many APIs of ten operations each, from memory; one of them is the product that the keys open.</summary>
internal sealed class ApiRoutes(int count, int called, Guid product) : IRouteSource
{
    public static string Slug(int number) => $"api-{number}";

    public Task<IReadOnlyList<ApiRoute>> LoadAsync(DbSession worker, Guid[]? apiIds) => Task.FromResult<IReadOnlyList<ApiRoute>>([.. Enumerable.Range(0, count).Select(Make)]);

    private ApiRoute Make(int number) => new(number == called ? product : Id(), product, "acme", Slug(number), HostName: null, Version: 3,
        UpstreamPlan.Of(new Uri("http://10.0.0.1:8080")), [new("X-Upstream-Secret", "s3cret")], "0123456789abcdef0123456789abcdef"u8.ToArray(), TimeSpan.FromSeconds(30),
        [new OperationRoute(Id(), "GET", "/items/{id}"), .. Enumerable.Range(0, 9).Select(i => new OperationRoute(Id(), "GET", $"/more/{i}/{{id}}"))]);

    private static Guid Id() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    /// <summary>No PostgreSQL: the routes do not look at their session.</summary>
    internal sealed class NoDatabase : IDatabase
    {
        public Task<T> AsAppAsync<T>(TenantContext tenant, Func<DbSession, Task<T>> work, CancellationToken cancellation) => work(null!);

        public Task<T> AsWorkerAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation) => work(null!);

        public Task<T> AsIngestAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation) => work(null!);
    }
}
