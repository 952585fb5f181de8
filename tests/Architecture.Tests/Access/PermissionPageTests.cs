namespace Tollgate.Architecture.Tests.Access;

/// <summary>A change of who may do what is a change of docs/security/permissions.md, seen in review.</summary>
public sealed class PermissionPageTests
{
    private static readonly string Approved = Path.Combine(Repository.Root, "docs", "security", "permissions.md");

    [Fact]
    public async Task ThePage_SaysWhatTheProgramStates()
    {
        var actual = PermissionPage.Lines(await ProgramEndpoints.AllAsync()).ToList();
        await File.WriteAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "permissions.actual.md"), actual);
        var approved = File.Exists(Approved) ? await File.ReadAllLinesAsync(Approved) : [];
        actual.Except(approved, StringComparer.Ordinal).ShouldBeEmpty("stated by the program but not in docs/security/permissions.md");
        approved.Except(actual, StringComparer.Ordinal).ShouldBeEmpty("in docs/security/permissions.md but not stated by the program");
    }
}
