namespace Tollgate.Admission.Nodes;

/// <summary>
/// The register's last word on this node, as a file of its data directory: a node that was told not to admit beside another one must not begin to when it
/// starts again without the database.
/// </summary>
internal sealed class NodeLicence(NodeOptions options)
{
    private readonly string _path = Path.Combine(options.Folder, "admits");
    private bool? _kept;

    public bool Admitted => File.Exists(_path);

    public void Keep(bool allowed)
    {
        if (_kept == allowed)
            return;
        if (allowed)
            File.WriteAllBytes(_path, []);
        else
            File.Delete(_path);
        _kept = allowed;
    }
}
