using System.Runtime.InteropServices;
using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>What makes the terms of two subscriptions the same <see cref="PlanTerms"/>.</summary>
internal readonly struct PlanKey(Entitlement entitlement) : IEquatable<PlanKey>
{
    private readonly Entitlement _of = entitlement;

    public bool Equals(PlanKey other)
    {
        var (one, two) = (_of, other._of);
        return one.PlanId == two.PlanId && one.PlanVersion == two.PlanVersion && one.Product.Id == two.Product.Id
            && one.Product.ProviderOrganizationId == two.Product.ProviderOrganizationId && one.Interval == two.Interval && one.TimeZone == two.TimeZone
            && one.Concurrency == two.Concurrency && one.SpendCap == two.SpendCap
            && (ReferenceEquals(one.Allowances, two.Allowances) || one.Allowances.SequenceEqual(two.Allowances));
    }

    public override bool Equals(object? obj) => obj is PlanKey other && Equals(other);

    public override int GetHashCode() =>
        HashCode.Combine(_of.PlanId, _of.PlanVersion, _of.Product.Id, _of.TimeZone, _of.Concurrency, _of.SpendCap, _of.Allowances.Count);
}

/// <summary>Shared terms by number, so that a row names them in four bytes. Those that no row names any more are let go. For the one writer, but for the look-up.</summary>
internal sealed class PlanTable
{
    private readonly Dictionary<PlanKey, PlanTerms> _shared = [];
    private readonly Dictionary<PlanTerms, int> _numbers = [];
    private readonly List<int> _uses = [];
    private readonly Stack<int> _free = new();
    private volatile PlanTerms?[] _all = new PlanTerms?[16];

    /// <summary>Null when it was let go. For any reader.</summary>
    public PlanTerms? this[int number] => Volatile.Read(ref _all[number]);

    public PlanTerms Share(in PlanKey key, Func<PlanTerms> make)
    {
        ref var shared = ref CollectionsMarshal.GetValueRefOrAddDefault(_shared, key, out _);
        return shared ??= make();
    }

    /// <summary>One more row names these terms; answers their number.</summary>
    public int Use(PlanTerms terms)
    {
        if (!_numbers.TryGetValue(terms, out var number))
        {
            _shared.TryAdd(terms.Key, terms);
            _numbers.Add(terms, number = Place(terms));
        }
        _uses[number]++;
        return number;
    }

    public void Release(int number)
    {
        if (--_uses[number] > 0)
            return;
        var terms = _all[number]!;
        if (_shared.TryGetValue(terms.Key, out var shared) && shared == terms)
            _shared.Remove(terms.Key);
        _numbers.Remove(terms);
        Volatile.Write(ref _all[number], null);
        _free.Push(number);
    }

    private int Place(PlanTerms terms)
    {
        if (!_free.TryPop(out var number))
        {
            number = _uses.Count;
            _uses.Add(0);
            if (number == _all.Length)
            {
                var larger = new PlanTerms?[number * 2];
                _all.CopyTo(larger, 0);
                _all = larger;
            }
        }
        Volatile.Write(ref _all[number], terms);
        return number;
    }
}
