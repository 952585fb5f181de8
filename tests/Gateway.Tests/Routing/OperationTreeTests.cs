using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Routing;

namespace Tollgate.Gateway.Tests.Routing;

public sealed class OperationTreeTests
{
    private static readonly string[] Templates =
        ["GET /pets", "POST /pets", "GET /pets/{id}", "GET /pets/mine", "GET /pets/{id}/toys/{toy}", "GET /files/{name}.json", "GET /files/{name}", "GET /", "GET /v1/{a}/x", "GET /v1/b/y"];

    private readonly OperationTree _tree = new([.. Templates.Select((text, i) => new OperationRoute(Id(i), text.Split(' ')[0], text.Split(' ')[1]))]);

    [Theory]
    [InlineData("GET", "/pets", 0)]
    [InlineData("POST", "/pets", 1)]
    [InlineData("GET", "/pets/42", 2)]
    [InlineData("GET", "/pets/a%2Fb", 2)]
    [InlineData("GET", "/pets/mine", 3)]
    [InlineData("GET", "/pets/42/toys/7", 4)]
    [InlineData("GET", "/files/a.json", 5)]
    [InlineData("GET", "/files/a.txt", 6)]
    [InlineData("GET", "/", 7)]
    [InlineData("GET", "", 7)]
    [InlineData("GET", "/v1/b/x", 8)]
    [InlineData("GET", "/v1/b/y", 9)]
    public void Match_KnownPath_FindsItsOperation(string method, string path, int operation) => _tree.Match(method, path).ShouldBe(Id(operation));

    [Theory]
    [InlineData("DELETE", "/pets")]
    [InlineData("GET", "/pets/42/toys")]
    [InlineData("GET", "/Pets")]
    [InlineData("GET", "/pets//toys/1")]
    public void Match_OtherPath_IsNoOperation(string method, string path) => _tree.Match(method, path).ShouldBe(Guid.Empty);

    private static Guid Id(int i) => new(i + 1, 0, 0, new byte[8]);
}
