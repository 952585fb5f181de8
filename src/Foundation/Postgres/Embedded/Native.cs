using System.Runtime.InteropServices;

namespace Tollgate.Foundation.Postgres.Embedded;

/// <summary>The few system calls that .NET has no face for.</summary>
internal static partial class Native
{
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUserId();

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);

    /// <summary>Returns when all that was written to files is on disk.</summary>
    [LibraryImport("libc", EntryPoint = "sync")]
    public static partial void Sync();

    public static void GiveTo(string path, ServerUser user)
    {
        if (user.Switch && ChangeOwner(path, user.UserId, user.GroupId) != 0)
            throw new IOException($"{path} cannot be given to the user {user.Name}: error {Marshal.GetLastPInvokeError()}.");
    }

    /// <summary>False when there is no such process any more.</summary>
    public static bool Signal(int process, int signal) => SendSignal(process, signal) == 0;

    public static bool IsAlive(int process) => Signal(process, 0) && !IsZombie(process);

    private static bool IsZombie(int process)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{process}/stat");
            return status[(status.LastIndexOf(')') + 2)..].StartsWith('Z');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
