using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Tollgate.Foundation.Secrets;

/// <summary>The file with the keys of the secrets, one a line in base64, the newest first; readable by its owner only.</summary>
internal static class KeyFile
{
    /// <summary>Where the keys are when no setting holds them.</summary>
    public static string PathOf(IConfiguration configuration) =>
        configuration["Secrets:KeyFile"] ?? Path.Combine(configuration["Data:Directory"] ?? "data", "secrets", "master.key");

    public static IReadOnlyList<byte[]> Read(string path) => [.. File.ReadAllLines(path).Where(line => line.Trim().Length > 0).Select(line => Parse(line.Trim()))];

    public static byte[] Parse(string text)
    {
        var key = Convert.FromBase64String(text);
        return key.Length == 32 ? key : throw new InvalidOperationException("Secrets__Key must be 32 bytes in base64.");
    }

    public static byte[] NewKey() => RandomNumberGenerator.GetBytes(32);

    // Two programs that start at once agree on one key: the file is made complete under another name and linked, and the loser reads the winner's.
    public static void Ensure(string path)
    {
        if (File.Exists(path))
            return;
        var folder = Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var draft = WriteDraft(path, [NewKey()]);
        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }
    }

    /// <summary>In place of what is there, whole or not at all.</summary>
    public static void Replace(string path, IEnumerable<byte[]> keys) => File.Move(WriteDraft(path, keys), path, overwrite: true);

    private static string WriteDraft(string path, IEnumerable<byte[]> keys)
    {
        var draft = $"{path}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(draft, options);
        file.Write(Encoding.ASCII.GetBytes(string.Join('\n', keys.Select(Convert.ToBase64String))));
        file.Flush(flushToDisk: true);
        return draft;
    }
}
