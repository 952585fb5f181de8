using System.Globalization;

/// <summary>
/// Loaded into the measured program by DOTNET_STARTUP_HOOKS, so that the program needs no code for it: whenever the file that PROBE_FILE names is gone, it is
/// written anew with what was allocated until now.
/// </summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable("PROBE_FILE") is not { Length: > 0 } path)
            return;
        new Thread(() => Watch(path)) { IsBackground = true, Name = "probe" }.Start();
    }

    private static void Watch(string path)
    {
        for (; ; Thread.Sleep(10))
        {
            if (File.Exists(path))
                continue;
            var info = GC.GetGCMemoryInfo(GCKind.Any);
            var text = string.Create(CultureInfo.InvariantCulture,
                $$"""{"allocated":{{GC.GetTotalAllocatedBytes(precise: true)}},"gen0":{{GC.CollectionCount(0)}},"gen1":{{GC.CollectionCount(1)}},"gen2":{{GC.CollectionCount(2)}},"pause_ms":{{GC.GetTotalPauseDuration().TotalMilliseconds}},"heap":{{info.HeapSizeBytes}}}""");
            File.WriteAllText(path + ".new", text);
            File.Move(path + ".new", path);
        }
    }
}
