using System.Globalization;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Tests.Listener;

namespace Tollgate.Gateway.Tests.Apis;

/// <summary>Imports of large documents are held back before their bodies are read.</summary>
public sealed class LargeBodiesTests(ControlServer server) : IClassFixture<ControlServer>
{
    [Theory]
    [InlineData("POST", "/api/apis")]
    [InlineData("PATCH", "/api/apis/api_1")]
    public async Task ParallelImports_AFewAreTakenSomeWaitTheRestIsRefusedUnread(string method, string path)
    {
        var body = "{}".PadRight(LargeBodies.LargeBytes + 1);
        const int tooMany = 3;
        var clients = new List<RawClient>();
        var answers = new List<Task<string>>();
        for (var i = 0; i < LargeBodies.MostAtOnce + LargeBodies.MostWaiting + tooMany; i++)
        {
            clients.Add(await RawClient.ConnectAsync(server.Server.Address));
            await clients[i].SendAsync($"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.Token}\r\nIf-Match: *\r\nContent-Type: application/json\r\nConnection: close\r\n"
                + $"Content-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}\r\n\r\n");
            answers.Add(clients[i].ReadUntilAsync("\r\n\r\n"));
        }
        // Nobody has sent a byte of a body, so only what is refused unread can have an answer.
        var refused = new List<Task<string>>();
        while (refused.Count < tooMany)
            refused.Add(await Task.WhenAny(answers.Except(refused)));
        foreach (var (client, answer) in clients.Zip(answers).Where(pair => refused.Contains(pair.Second)))
        {
            (await answer).ShouldStartWith("HTTP/1.1 503 ");
            (await answer).ShouldContain("Retry-After: 10\r\n");
            (await client.ReadUntilAsync("}")).ShouldContain("\"code\":\"IMPORT_BUSY\"");
        }
        // A small one is not held back by large ones.
        await server.CreateAsync();

        foreach (var (client, answer) in clients.Zip(answers))
            if (!refused.Contains(answer))
                await client.SendAsync(body);
        foreach (var answer in answers.Except(refused))
            (await answer).ShouldStartWith(method == "POST" ? "HTTP/1.1 422 " : "HTTP/1.1 404 ");
        clients.ForEach(client => client.Dispose());
    }
}
