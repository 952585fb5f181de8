using System.Security.Cryptography;
using Tollgate.Admission.Table;

namespace Tollgate.Admission.Tests.Table;

public sealed class KeyTableTests
{
    [Fact]
    public void Find_HundredThousandKeysAddedUnderReaders_FindsEveryPublishedOneAndNoOther()
    {
        const int keys = 100_000;
        var table = new KeyTable();
        var digests = Enumerable.Range(0, keys).Select(number => SHA256.HashData(BitConverter.GetBytes(number))).ToArray();
        var strangers = Enumerable.Range(keys, 1000).Select(number => SHA256.HashData(BitConverter.GetBytes(number))).ToArray();
        var published = 0;
        var mistakes = 0;
        var readers = Enumerable.Range(0, 3).Select(seed => new Thread(() =>
        {
            var random = new Random(seed);
            while (Volatile.Read(ref published) < keys)
            {
                var upTo = Volatile.Read(ref published);
                if (upTo == 0)
                    continue;
                var wanted = random.Next(upTo);
                var place = table.Find(digests[wanted]);
                if (place < 0 || table.At(place).Subscriber != wanted || table.Find(strangers[random.Next(1000)]) >= 0)
                    Interlocked.Increment(ref mistakes);
            }
        })).ToList();
        // What the index was before it grew goes back to the system as soon as nobody reads it, and no sooner.
        readers.Add(new Thread(() =>
        {
            while (Volatile.Read(ref published) < keys)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }));
        readers.ForEach(reader => reader.Start());
        for (var number = 0; number < keys; number++)
        {
            table.Put(new Guid(number, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), digests[number], number, KeyState.Active, long.MaxValue);
            Volatile.Write(ref published, number + 1);
        }
        readers.ForEach(reader => reader.Join());

        mistakes.ShouldBe(0);
        table.Count.ShouldBe(keys);
        for (var number = 0; number < keys; number++)
            table.At(table.Find(digests[number])).Subscriber.ShouldBe(number);
    }

    [Fact]
    public void Put_SameFirstEightBytes_KeepsBothApart()
    {
        var table = new KeyTable();
        var one = SHA256.HashData([1]);
        var other = (byte[])one.Clone();
        other[31] ^= 1;
        table.Put(Node.Id(), one, 1, KeyState.Active, long.MaxValue);
        table.Put(Node.Id(), other, 2, KeyState.Active, long.MaxValue);
        table.At(table.Find(one)).Subscriber.ShouldBe(1);
        table.At(table.Find(other)).Subscriber.ShouldBe(2);
    }

    [Fact]
    public void Put_KnownDigest_ChangesItsStateInPlace()
    {
        var table = new KeyTable();
        var digest = SHA256.HashData([1]);
        var place = table.Put(Node.Id(), digest, 1, KeyState.Active, long.MaxValue);
        table.Put(Node.Id(), digest, 1, KeyState.Revoked, 5).ShouldBe(place);
        var word = table.At(place).State;
        KeyEntry.StateOf(word).ShouldBe(KeyState.Revoked);
        table.ExpiresAt(place, word).ShouldBe(5);
        table.Count.ShouldBe(1);
    }

    [Fact]
    public void ExpiresAt_OfSomeAmongMany_IsEachKeysOwn()
    {
        var table = new KeyTable();
        var digests = Enumerable.Range(0, 20_000).Select(number => SHA256.HashData(BitConverter.GetBytes(number))).ToArray();
        for (var number = 0; number < digests.Length; number++)
            table.Put(Node.Id(), digests[number], number, KeyState.Active, number % 7 == 0 ? number + 1 : long.MaxValue);
        // Given one, given another, and let go of.
        table.Put(Node.Id(), digests[1], 1, KeyState.Active, 111);
        table.Put(Node.Id(), digests[7], 7, KeyState.Active, 777);
        table.Put(Node.Id(), digests[14], 14, KeyState.Active, long.MaxValue);
        for (var number = 0; number < digests.Length; number++)
            table.ExpiresAt(number, table.At(number).State).ShouldBe(number switch { 1 => 111, 7 => 777, 14 => long.MaxValue, _ => number % 7 == 0 ? number + 1 : long.MaxValue });
    }
}
