namespace Tollgate.Gateway.Forwarding;

/// <summary>Cuts what waits on a token.</summary>
internal sealed class CutSource : ICuttable, IDisposable
{
    private readonly CancellationTokenSource _source = new();

    public CancellationToken Token => _source.Token;

    public void Cut()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    public void Dispose() => _source.Dispose();
}
