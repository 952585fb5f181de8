using System.Net;
using System.Runtime.InteropServices;
using Tollgate.Foundation;
using Tollgate.Gateway.Listener;

namespace Tollgate.Gateway.Tls;

/// <summary>
/// So many handshakes at once, and so many of them from one address: whoever begins handshakes and does not end them takes no more than a share of the places.
/// A trusted proxy stands for many clients and has no share.
/// </summary>
internal sealed class HandshakePlaces(TlsOptions options, ClientAddress addresses)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, int> _byClient = [];
    private int _taken;

    public int Taken => Volatile.Read(ref _taken);

    public bool TryTake(IPAddress? address)
    {
        var shares = !addresses.IsTrusted(address);
        lock (_gate)
        {
            if (_taken == options.MaxHandshakes)
                return false;
            if (shares)
            {
                ref var ofOne = ref CollectionsMarshal.GetValueRefOrAddDefault(_byClient, ClientNetwork.Of(address), out _);
                if (ofOne == options.MaxHandshakesPerAddress)
                    return false;
                ofOne++;
            }
            _taken++;
            return true;
        }
    }

    public void GiveBack(IPAddress? address)
    {
        var (shares, client) = (!addresses.IsTrusted(address), ClientNetwork.Of(address));
        lock (_gate)
        {
            _taken--;
            if (!shares)
                return;
            // As many entries as places at most.
            if (_byClient[client] == 1)
                _byClient.Remove(client);
            else
                _byClient[client]--;
        }
    }
}
