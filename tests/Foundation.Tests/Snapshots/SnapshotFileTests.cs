using Microsoft.Extensions.Logging.Abstractions;

namespace Tollgate.Foundation.Tests.Snapshots;

public sealed class SnapshotFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-snapshot-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "in", "things");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void TryRead_BaseAndChanges_AllAreThereInOrder()
    {
        Write(["one", "two"], ["three", "four"]);
        Read().ShouldBe(["one", "two", "three", "four"]);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void TryRead_NothingThere_IsFalse() => Read().ShouldBeNull();

    [Fact]
    public void TryRead_LastChangeTornAtAnyByte_KeepsAllBeforeItAndGoesOn()
    {
        Write(["one"], ["two"]);
        var whole = File.ReadAllBytes(Path);
        Write(["one"], ["two", "three"]);
        var longer = File.ReadAllBytes(Path);
        for (var length = whole.Length; length < longer.Length; length++)
        {
            File.WriteAllBytes(Path, longer[..length]);
            using (var file = Open())
            {
                Read(file).ShouldBe(["one", "two"], $"cut at {length}");
                file.Append(Block("four"));
            }
            Read().ShouldBe(["one", "two", "four"], $"cut at {length}");
        }
    }

    [Fact]
    public void TryRead_BaseNotComplete_IsFalse()
    {
        Write(["one", "two"], []);
        var whole = File.ReadAllBytes(Path);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(Path, whole[..length]);
            Read().ShouldBeNull($"cut at {length}");
        }
    }

    [Fact]
    public void TryRead_OneBitWrongBeforeTheLastChange_IsFalse()
    {
        Write(["one"], ["two", "three"]);
        var whole = File.ReadAllBytes(Path);
        // The last block is header and text: all before it must be as it was. A length that leads past the end looks like a torn write, which loses the
        // changes after it and nothing else.
        for (var at = 0; at < whole.Length - 16 - 9; at++)
        {
            var bytes = whole.ToArray();
            bytes[at] ^= 0x10;
            File.WriteAllBytes(Path, bytes);
            var read = Read();
            if (read is not null)
                read.ShouldBe(["one"], $"wrong at {at}");
        }
    }

    [Fact]
    public void TryRead_AnotherContentOrVersion_IsFalse()
    {
        Write(["one"], []);
        foreach (var (content, version) in new[] { ("things", (ushort)2), ("keys", (ushort)1) })
        {
            using var other = new SnapshotFile(Path, content, version, NullLogger.Instance);
            other.TryRead(_ => { }).ShouldBeFalse();
        }
        Read().ShouldBe(["one"]);
    }

    [Fact]
    public void Rewrite_ChangesComeWhileItRuns_TheyAreInTheOldAndInTheNewOne()
    {
        Write(["one"], []);
        using (var file = Open())
        {
            Read(file);
            using var rewrite = file.Rewrite();
            rewrite.Records.Text("new");
            rewrite.Next();
            file.Append(Block("late"));
            Read().ShouldBe(["one", "late"]);
            rewrite.Commit();
            file.Append(Block("later"));
        }
        Read().ShouldBe(["new", "late", "later"]);
    }

    [Fact]
    public void Rewrite_GivenUp_TheOldOneStays()
    {
        Write(["one"], []);
        using (var file = Open())
        {
            Read(file);
            using (var rewrite = file.Rewrite())
                rewrite.Records.Text("new");
            file.Append(Block("two"));
        }
        Read().ShouldBe(["one", "two"]);
        Directory.GetFiles(System.IO.Path.GetDirectoryName(Path)!).ShouldBe([Path]);
    }

    [Fact]
    public void NeedsRewrite_NoneOrMoreChangesThanContent()
    {
        using var file = Open();
        file.NeedsRewrite.ShouldBeTrue();
        using (var rewrite = file.Rewrite())
            rewrite.Commit();
        file.NeedsRewrite.ShouldBeFalse();
        for (var i = 0; i < 5; i++)
            file.Append(Block(new string('x', 1024 * 1024)));
        file.NeedsRewrite.ShouldBeTrue();
    }

    [Fact]
    public void TryRead_ReaderFails_IsFalseAndNothingIsThrown()
    {
        Write(["one"], []);
        using var file = Open();
        file.TryRead(_ => throw new InvalidDataException("not mine")).ShouldBeFalse();
        file.NeedsRewrite.ShouldBeTrue();
    }

    private void Write(string[] content, string[] changes)
    {
        using var file = Open();
        using (var rewrite = file.Rewrite())
        {
            foreach (var text in content)
            {
                rewrite.Records.Text(text);
                rewrite.Next();
            }
            rewrite.Commit();
        }
        foreach (var text in changes)
            file.Append(Block(text));
    }

    private SnapshotFile Open() => new(Path, "things", 1, NullLogger.Instance);

    private List<string>? Read()
    {
        using var file = Open();
        return Read(file);
    }

    private static List<string>? Read(SnapshotFile file)
    {
        var texts = new List<string>();
        return file.TryRead(block =>
        {
            var reader = new SnapshotReader(block);
            while (!reader.AtEnd)
                texts.Add(reader.Text()!);
        }) ? texts : null;
    }

    private static SnapshotBuffer Block(string text)
    {
        var block = new SnapshotBuffer();
        block.Text(text);
        return block;
    }
}
