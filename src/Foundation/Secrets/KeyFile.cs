using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Tollgate.Foundation.Secrets;

/// <summary>The file with the keys of the secrets, one a line in base64, the newest first; readable by its owner only.</summary>
internal static class KeyFile
{
    private const long LongestWaitMilliseconds = 15_000;
    private const int LookAgainMilliseconds = 20;

    /// <summary>Where the keys are when no setting holds them.</summary>
    public static string PathOf(IConfiguration configuration) =>
        configuration["Secrets:KeyFile"] ?? Path.Combine(configuration["Data:Directory"] ?? "data", "secrets", "master.key");

    /// <summary>The keys that are settings, the newest first; null where they are in the file.</summary>
    public static IReadOnlyList<byte[]>? Configured(IConfiguration configuration) => configuration["Secrets:Key"] is { Length: > 0 } newest
        ? [Parse(newest), .. (configuration["Secrets:OldKeys"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Parse)]
        : null;

    public static IReadOnlyList<byte[]> Read(string path) => [.. File.ReadAllLines(path).Where(line => line.Trim().Length > 0).Select(line => Parse(line.Trim()))];

    public static byte[] Parse(string text)
    {
        var key = Convert.FromBase64String(text);
        return key.Length == 32 ? key : throw new InvalidOperationException("Secrets__Key must be 32 bytes in base64.");
    }

    public static byte[] NewKey() => RandomNumberGenerator.GetBytes(32);

    /// <summary>As keys are named in what they have sealed.</summary>
    public static byte[] IdOf(byte[] key) => SHA256.HashData(key)[..KeyRing.IdLength];

    // Two programs that start at once agree on one key: who has the lock makes it, and the other reads it.
    public static void Ensure(string path)
    {
        if (File.Exists(path))
            return;
        var folder = Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var alone = Lock(path);
        if (!File.Exists(path))
            Replace(path, [NewKey()]);
        if (folder.Parent is { } parent)
            FolderFlush.Flush(parent.FullName);
    }

    /// <summary>A new key before the others. It is on disk before anything can be sealed with it: it is the last one first.</summary>
    public static void Add(string path)
    {
        using var alone = Lock(path);
        var (keys, anew) = (Read(path), NewKey());
        Replace(path, [.. keys, anew]);
        Replace(path, [anew, .. keys]);
    }

    /// <summary>Puts those behind the others that are not there yet; answers how many.</summary>
    public static int AddOlder(string path, IEnumerable<byte[]> older)
    {
        using var alone = Lock(path);
        var keys = Read(path);
        var added = older.Where(key => !keys.Any(known => known.AsSpan().SequenceEqual(key))).ToList();
        if (added.Count > 0)
            Replace(path, [.. keys, .. added]);
        return added.Count;
    }

    /// <summary>Takes out what is older than the key of this id. One that was added since stays, and so does all when there is no such key.</summary>
    public static void ForgetOlder(string path, byte[] id)
    {
        using var alone = Lock(path);
        var keys = Read(path);
        for (var i = 0; i < keys.Count; i++)
            if (IdOf(keys[i]).AsSpan().SequenceEqual(id))
            {
                Replace(path, keys.Take(i + 1));
                return;
            }
    }

    /// <summary>In place of what is there, whole or not at all, and on disk when this returns. For whoever has the lock.</summary>
    public static void Replace(string path, IEnumerable<byte[]> keys)
    {
        var draft = WriteDraft(path, keys);
        // Programs look at the time: two versions may not have the same.
        if (File.GetLastWriteTimeUtc(path) is var before && File.GetLastWriteTimeUtc(draft) <= before)
            File.SetLastWriteTimeUtc(draft, before.AddMilliseconds(1));
        File.Move(draft, path, overwrite: true);
        FolderFlush.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    // Held over reading and replacing: of two that add a key at once none may write what the other has not read. The system lets go of it when the program ends.
    private static FileStream Lock(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        for (var began = Environment.TickCount64; ;)
            try
            {
                return new FileStream($"{path}.lock", options);
            }
            catch (IOException) when (Environment.TickCount64 - began < LongestWaitMilliseconds)
            {
                Thread.Sleep(LookAgainMilliseconds);
            }
    }

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
