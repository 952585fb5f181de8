namespace Tollgate.Architecture.Tests.Access;

/// <summary>What a walk has seen: that nothing was wrong says something only if everybody came everywhere, and was let in here and refused there.</summary>
internal sealed class WalkCount
{
    private const string Nobody = "nobody";

    private readonly List<(string Endpoint, string Who, string Answer)> _calls = [];

    public void Add(string endpoint, string? who, string answer) => _calls.Add((endpoint, who ?? Nobody, answer));

    public void ShouldBeWhole(IEnumerable<string> endpoints, IReadOnlyCollection<string?> people)
    {
        var all = endpoints.ToList();
        all.Count.ShouldBeGreaterThan(90);
        _calls.Count.ShouldBe(all.Count * people.Count);
        _calls.Select(call => (call.Endpoint, call.Who)).Distinct().Count().ShouldBe(_calls.Count);
        Where(call => call.Answer == "allowed", call => call.Endpoint).ShouldBe(all, ignoreOrder: true, "somebody is let in to each");
        Where(call => call.Answer != "allowed", call => call.Endpoint).ShouldBe(all, ignoreOrder: true, "somebody is refused at each");
        Where(call => call.Answer == "allowed", call => call.Who).ShouldBe(people.OfType<string>(), ignoreOrder: true, "everybody who is somebody is let in somewhere");
        Where(call => call.Answer != "allowed", call => call.Who).ShouldBe(people.Select(who => who ?? Nobody), ignoreOrder: true, "everybody is refused somewhere");
        // Each way to be refused: not signed in, without the permission, a foreign organization.
        foreach (var refusal in new[] { "401", "403", "404" })
            _calls.Count(call => call.Answer == refusal).ShouldBeGreaterThan(20, refusal);
    }

    private List<string> Where(Func<(string Endpoint, string Who, string Answer), bool> which, Func<(string Endpoint, string Who, string Answer), string> what) => [.. _calls.Where(which).Select(what).Distinct(StringComparer.Ordinal)];
}
