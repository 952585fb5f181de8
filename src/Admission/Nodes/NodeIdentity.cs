using System.Text;
using Tollgate.Foundation;

namespace Tollgate.Admission.Nodes;

/// <summary>
/// Who this node is: an id in a file of its data directory, so that a process that was killed and starts again is the same node and need not wait for
/// its own ghost. The file stays open and locked, so that two processes on one directory are never one node.
/// </summary>
internal sealed class NodeIdentity : IDisposable
{
    private readonly FileStream _file;

    private NodeIdentity(FileStream file, Guid id)
    {
        _file = file;
        Id = id;
    }

    public Guid Id { get; }

    /// <summary>Null when another process holds the directory.</summary>
    public static NodeIdentity? TryOpen(string folder, TimeProvider clock)
    {
        Directory.CreateDirectory(folder);
        FileStream file;
        try
        {
            file = new FileStream(Path.Combine(folder, "node"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
        Span<byte> text = stackalloc byte[64];
        var length = file.ReadAtLeast(text, 36, throwOnEndOfStream: false);
        if (!Guid.TryParse(Encoding.ASCII.GetString(text[..length]).Trim(), out var id))
        {
            id = TypeId.New(clock);
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(id.ToString("D")));
            file.Flush(flushToDisk: true);
        }
        return new NodeIdentity(file, id);
    }

    public void Dispose() => _file.Dispose();
}
