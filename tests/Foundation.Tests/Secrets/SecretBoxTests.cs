using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Tollgate.Foundation.Secrets;

namespace Tollgate.Foundation.Tests.Secrets;

public sealed class SecretBoxTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-secrets-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_ForAnotherPurposeOrAltered_IsRefused()
    {
        var box = Box();
        var secret = box.Seal("one", "hush"u8);
        box.Open("one", secret).ShouldBe("hush"u8.ToArray());
        Should.Throw<CryptographicException>(() => box.Open("two", secret));
        secret[^1] ^= 1;
        Should.Throw<CryptographicException>(() => box.Open("one", secret));
    }

    [Fact]
    public void KeyFile_WrittenAnewWhileTheProgramRuns_IsTakenUp()
    {
        var (box, path) = (Box(), Path.Combine(_folder, "secrets", "master.key"));
        var old = box.Seal("one", "hush"u8);
        var newest = KeyFile.NewKey();
        KeyFile.Replace(path, KeyFile.Read(path).Prepend(newest));
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddYears(50));
        var anew = box.Seal("one", box.Open("one", old));
        anew[1..5].ShouldBe(SHA256.HashData(newest)[..4]);
        KeyFile.Replace(path, [newest]);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddYears(51));
        Box().Open("one", anew).ShouldBe("hush"u8.ToArray());
        Should.Throw<CryptographicException>(() => Box().Open("one", old));
    }

    [Fact]
    public void KeyFile_IsItsOwnersAlone()
    {
        Box();
        var path = Path.Combine(_folder, "secrets", "master.key");
        KeyFile.Replace(path, KeyFile.Read(path).Prepend(KeyFile.NewKey()));
        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void KeysThatAreAddedAtOnce_AreAllKept()
    {
        Box();
        var path = Path.Combine(_folder, "secrets", "master.key");
        Parallel.For(0, 12, new ParallelOptions { MaxDegreeOfParallelism = 6 }, _ => KeyFile.Add(path));
        KeyFile.Read(path).Select(Convert.ToBase64String).Distinct(StringComparer.Ordinal).Count().ShouldBe(13);
        Directory.GetFiles(Path.Combine(_folder, "secrets")).Select(Path.GetFileName).ShouldBe(["master.key", "master.key.lock"], ignoreOrder: true);
    }

    [Fact]
    public void KeyThatIsAdded_IsTheFirstAndIsTakenUp()
    {
        var (box, path) = (Box(), Path.Combine(_folder, "secrets", "master.key"));
        var old = KeyFile.Read(path)[0];
        box.Seal("one", "hush"u8)[1..5].ShouldBe(KeyFile.IdOf(old));
        KeyFile.Add(path);
        KeyFile.Read(path)[1].ShouldBe(old);
        box.Seal("one", "hush"u8)[1..5].ShouldBe(KeyFile.IdOf(KeyFile.Read(path)[0]));
    }

    [Fact]
    public void OldKeys_AreForgotten_AndOneThatWasAddedSinceIsNot()
    {
        Box();
        var path = Path.Combine(_folder, "secrets", "master.key");
        KeyFile.Add(path);
        var counted = KeyFile.Read(path)[0];
        KeyFile.Add(path);
        var newest = KeyFile.Read(path)[0];
        KeyFile.ForgetOlder(path, KeyFile.IdOf(KeyFile.NewKey()));
        KeyFile.Read(path).Count.ShouldBe(3, "a key that is not there");
        KeyFile.ForgetOlder(path, KeyFile.IdOf(counted));
        KeyFile.Read(path).ShouldBe([newest, counted]);
    }

    [Fact]
    public void ProgramsThatStartAtOnce_AgreeOnOneKey()
    {
        var boxes = new SecretBox[6];
        Parallel.For(0, boxes.Length, new ParallelOptions { MaxDegreeOfParallelism = boxes.Length }, i => boxes[i] = Box());
        foreach (var box in boxes)
            box.Open("one", boxes[0].Seal("one", "hush"u8)).ShouldBe("hush"u8.ToArray());
    }

    [Fact]
    public void Settings_TheFirstSealsAndTheOldOnesOpen()
    {
        var (first, second) = (Convert.ToBase64String(KeyFile.NewKey()), Convert.ToBase64String(KeyFile.NewKey()));
        var old = Box(("Secrets:Key", first)).Seal("one", "hush"u8);
        var box = Box(("Secrets:Key", second), ("Secrets:OldKeys", first));
        box.Open("one", old).ShouldBe("hush"u8.ToArray());
        Should.Throw<CryptographicException>(() => Box(("Secrets:Key", first)).Open("one", box.Seal("one", "hush"u8)));
    }

    private SecretBox Box(params (string Name, string Value)[] settings) => new(new ConfigurationBuilder().AddInMemoryCollection(
        settings.Append(("Data:Directory", _folder)).ToDictionary(pair => pair.Item1, pair => (string?)pair.Item2, StringComparer.Ordinal)).Build());
}
