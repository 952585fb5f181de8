using Microsoft.AspNetCore.Http.Features;

namespace Tollgate.Gateway.Forwarding.Secure;

/// <summary>A stream in passing: it only goes forward, and nothing on it blocks.</summary>
internal abstract class PassingStream(Stream inner) : Stream
{
    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException("The length of a stream in passing is not known.");

    public override long Position
    {
        get => throw new NotSupportedException("A stream in passing has no position.");
        set => throw new NotSupportedException("A stream in passing has no position.");
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

    public sealed override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException("Nothing on this path blocks.");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Nothing on this path blocks.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Nothing on this path blocks.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A stream in passing cannot be sought.");

    public override void SetLength(long value) => throw new NotSupportedException("A stream in passing has no length to set.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Counts what passes in either direction.</summary>
internal sealed class CountedStream(Stream inner, Action<int>? read, Action<int>? written) : PassingStream(inner)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        read?.Invoke(count);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await base.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        written?.Invoke(buffer.Length);
    }
}

/// <summary>Counts the client's body, and gives the upstream its whole time anew with every piece: a slow upload is not a slow upstream.</summary>
internal sealed class ClientBody(Stream inner, Call call, TimeSpan timeout) : PassingStream(inner)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        call.AwaitsClient = true;
        var count = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        call.AwaitsClient = false;
        call.CountIn(count);
        if (call.UpstreamMicros < 0)
            call.WaitAtMost(timeout);
        return count;
    }
}

/// <summary>Sends each piece at once.</summary>
internal sealed class FlushedStream(Stream inner) : PassingStream(inner)
{
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await base.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>Counts both directions of an upgraded connection (websockets).</summary>
internal sealed class CountedUpgrade(IHttpUpgradeFeature inner, Call call) : IHttpUpgradeFeature
{
    public bool IsUpgradableRequest => inner.IsUpgradableRequest;

    public async Task<Stream> UpgradeAsync() =>
        new CountedStream(await inner.UpgradeAsync().ConfigureAwait(false), count => call.CountIn(count), count => call.CountOut(count));
}
