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
