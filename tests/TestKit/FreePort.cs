using System.Net;
using System.Net.Sockets;

namespace Tollgate.TestKit;

/// <summary>
/// Ports for programs that are told where to listen. One that the system names is free only until it names it again: another suite's program, or a connection that goes out, may
/// have it before ours listens, and a program that could not start would be taken for the one that answers there. So these are below the range that the system takes from, and each is
/// kept from all other suites by a locked file for as long as this process lives.
/// </summary>
public static class FreePort
{
    private const int First = 15_000;
    private const int Count = 15_000;
    // Not the folder for temporary files: all suites must mean the same one, wherever each is told to put its files.
    private const string Folder = "/tmp/tollgate-test-ports";
    private static readonly List<FileStream> Held = [];
    private static readonly Lock Gate = new();
    private static int s_next = Environment.ProcessId * 97 % Count;

    public static int Take()
    {
        lock (Gate)
        {
            Directory.CreateDirectory(Folder);
            for (var tried = 0; tried < Count; tried++)
            {
                var port = First + (s_next++ % Count);
                if (TryHold(port) is not { } held)
                    continue;
                Held.Add(held);
                if (IsFree(port))
                    return port;
            }
        }
        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is free.");
    }

    private static FileStream? TryHold(int port)
    {
        try
        {
            return new FileStream(Path.Combine(Folder, $"{port}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
