using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Admission.Snapshot;
using Tollgate.Foundation;

namespace Tollgate.Admission.Tests.Snapshot;

public sealed class SnapshotVersionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-snapshot-version-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Beside newer nodes, those of version 2 wrote keys that are restricted as keys for everything.
    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void File_OfAVersionThatDidNotKnowRestrictions_IsNotUsed(ushort version, bool used)
    {
        var path = Path.Combine(_folder, "snapshot");
        using (var written = new SnapshotFile(path, SnapshotRecords.Content, version, NullLogger.Instance))
        using (var rewrite = written.Rewrite())
        {
            SnapshotRecords.WriteGone(rewrite.Records, Guid.CreateVersion7());
            rewrite.Next();
            rewrite.Commit();
        }
        using var file = new SnapshotFile(path, SnapshotRecords.Content, SnapshotRecords.Version, NullLogger.Instance);
        file.TryRead(_ => { }).ShouldBe(used);
    }
}
