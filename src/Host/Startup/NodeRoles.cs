namespace Tollgate.Host.Startup;

/// <summary>What this process does: <c>Tollgate__Roles=gateway,control,portal,worker</c>, all by default, so that data-plane nodes scale by themselves.</summary>
internal sealed record NodeRoles(bool Gateway, bool Control, bool Portal, bool Worker)
{
    private static readonly string[] Known = ["gateway", "control", "portal", "worker"];

    /// <summary>The portal's files alone need no database.</summary>
    public bool NeedsDatabase => Gateway || Control || Worker;

    public static NodeRoles From(IConfiguration configuration)
    {
        var text = configuration["Tollgate:Roles"];
        if (string.IsNullOrWhiteSpace(text))
            return new NodeRoles(true, true, true, true);
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var unknown = names.Except(Known, StringComparer.Ordinal).ToList();
        if (unknown.Count > 0)
            throw new InvalidOperationException($"Tollgate__Roles: '{string.Join(", ", unknown)}' is no role. Known: {string.Join(", ", Known)}.");
        return new NodeRoles(names.Contains("gateway"), names.Contains("control"), names.Contains("portal"), names.Contains("worker"));
    }
}
