using Microsoft.Extensions.Configuration;
using Tollgate.Foundation.Backup;
using Tollgate.Foundation.Secrets;

namespace Tollgate.Foundation.Tests.Secrets;

/// <summary>A backup's secrets can be opened where it is put back, whatever became of the keys in between.</summary>
public sealed class SecretKeyBackupTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-keys-").FullName;
    private readonly Dictionary<string, string> _facts = new(StringComparer.Ordinal);
    private readonly List<byte[]> _keys = [.. Enumerable.Range(0, 4).Select(_ => KeyFile.NewKey())];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task KeysThatWereRotatedSince_TakeTheBackup()
    {
        await BackupAsync(1, 0);
        Here(2, 1);
        (await ObjectionAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task KeysThatWereForgottenSince_AreThereAgain()
    {
        await BackupAsync(1, 0);
        Here(2, 1);
        await RestoreAsync();
        KeyFile.Read(FilePath).ShouldBe([_keys[2], _keys[1], _keys[0]]);
        await RestoreAsync();
        KeyFile.Read(FilePath).Count.ShouldBe(3);
    }

    [Fact]
    public async Task OtherKeys_AreRefused()
    {
        await BackupAsync(1, 0);
        Here(3, 0);
        (await ObjectionAsync()).ShouldNotBeNull().ShouldContain("Move it away");
    }

    [Theory]
    [InlineData(true, 1, 0)]
    [InlineData(false, 0)]
    public async Task Settings_CountWithTheOldKeysAmongThem(bool taken, params int[] old)
    {
        await BackupAsync(1, 0);
        ((await WithSettingsAsync(2, old)) is null).ShouldBe(taken);
    }

    [Fact]
    public async Task Settings_WithoutAnOlderKeyOfTheBackup_AreRefusedAndToldWhereItGoes()
    {
        await BackupAsync(1, 0);
        var backup = Path.Combine(Place.Folder, "master.key");
        (await WithSettingsAsync(2, 1)).ShouldNotBeNull().ShouldContain("Secrets__OldKeys");
        (await WithSettingsAsync(1)).ShouldNotBeNull().ShouldContain(backup);
        File.Delete(backup);
        (await WithSettingsAsync(1)).ShouldBeNull();
    }

    private string FilePath => Path.Combine(_folder, "master.key");

    private BackupPlace Place => new(Directory.CreateDirectory(Path.Combine(_folder, "backup")).FullName, _facts, static _ => { });

    private void Here(params int[] keys) => KeyFile.Replace(FilePath, keys.Select(key => _keys[key]));

    private Task BackupAsync(params int[] keys)
    {
        Here(keys);
        return Part().BackupAsync(Place, CancellationToken.None);
    }

    private Task<string?> ObjectionAsync(params (string Name, string Value)[] settings) => Part(settings).ObjectionAsync(Place, CancellationToken.None);

    private Task<string?> WithSettingsAsync(int newest, params int[] old) => ObjectionAsync(
        ("Secrets:Key", Convert.ToBase64String(_keys[newest])), ("Secrets:OldKeys", string.Join(',', old.Select(key => Convert.ToBase64String(_keys[key])))));

    private Task RestoreAsync() => Part().RestoreAsync(Place, CancellationToken.None);

    private SecretKeyBackup Part(params (string Name, string Value)[] settings) => new(new ConfigurationBuilder()
        .AddInMemoryCollection([new("Secrets:KeyFile", FilePath), .. settings.Select(one => KeyValuePair.Create(one.Name, (string?)one.Value))]).Build());
}
