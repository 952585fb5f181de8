namespace Tollgate.Architecture.Tests;

public sealed class RankTests
{
    [Fact]
    public void EveryProjectOfSrc_IsInTheRankTable() => Repository.Modules.ShouldAllBe(module => Repository.Ranks.ContainsKey(module));

    [Fact]
    public void References_PointDownwardOnly() => Repository.Modules.SelectMany(module => Upward(module, Repository.References(module))).ShouldBeEmpty();

    [Fact]
    public void TheGuard_FindsAPlantedUpwardReference() => Upward("Metering", ["Foundation", "Plans"]).ShouldBe(["Metering -> Plans"]);

    [Fact]
    public void TheGuard_FindsAPlantedReferenceToTheSameRank() => Upward("Metering", ["Metering"]).ShouldBe(["Metering -> Metering"]);

    [Fact]
    public void EveryModule_HasAReadmeAndADoor() => Repository.Modules.Where(module => module != "Host").SelectMany(module => new[]
    {
        Path.Combine(Repository.Root, "src", module, "README.md"), Path.Combine(Repository.Root, "src", module, $"{module}Module.cs"),
    }).Where(path => !File.Exists(path)).ShouldBeEmpty();

    private static IEnumerable<string> Upward(string module, IEnumerable<string> references) =>
        references.Where(reference => Repository.Ranks[reference].Rank >= Repository.Ranks[module].Rank).Select(reference => $"{module} -> {reference}");
}
