using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Admission.Leases;

/// <summary>
/// What runs inside Redis, each time as one step: one text with six verbs. It is only ever called by its digest: a server that has lost its memory (restart, failover, an older snapshot)
/// has lost its scripts too, and says NOSCRIPT before it hands out anything. Each epoch has a text of its own, loaded where the epoch begins: scripts are not replicated, and a server that
/// was the primary once, follows another and is promoted again still has those of its former time.
/// </summary>
/// <remarks>
/// Counter of a meter of a subscription, a hash: <c>v</c> version; for each window w: <c>o</c> ordinal, <c>e</c> end (µs), <c>g</c> given away, <c>s</c> the epoch
/// in which it was seeded, <c>p</c> version that a rebuild took it from.
/// Leases of one life of a node, a hash: counter:window → "ordinal granted sequence used at epoch" (at: the node's own clock; of the epoch its first digits). A node tells what it holds in
/// the window, used or not, with every question, and the counter is put right by the difference: an answer that was lost gives back what it granted. What was granted in another epoch
/// may not be in a counter that was rebuilt from what nodes knew: unless its node told of it in the rebuilding, it counts for nothing. A question that another has overtaken (lower
/// sequence) changes nothing.
/// Places of calls in flight of a subscription, a hash: life → "places sequence end of the lease (µs)".
/// </remarks>
internal static class LeaseScript
{
    private const string Body = """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local verb, epoch = ARGV[1], ARGV[2]
        local answer = {'OK', string.format('%.0f', now), 0}
        local tag = string.sub(epoch, 1, 12)
        local function whole(number) return string.format('%.0f', number) end
        local function known(record) return string.match(record, '%x+$') == tag end
        local function keep(ending)
          local till = math.floor(ending / 1000) + 3600000
          local left = redis.call('PTTL', KEYS[2])
          if left < 0 or now / 1000 + left < till then redis.call('PEXPIREAT', KEYS[2], whole(till)) end
        end
        local current = redis.call('GET', KEYS[1])
        if verb == 'push' or verb == 'end' then
          if current or (verb == 'push' and redis.call('GET', 'tollgate:turn') ~= epoch) then return {'LATE', answer[2], 0} end
        elseif current ~= epoch then
          return {'EPOCH', answer[2], 0}
        end

        if verb == 'ask' then
          local sequence, name, said = tonumber(ARGV[3]), ARGV[4], ARGV[5]
          local version, ending = nil, 0
          for i = 6, #ARGV, 9 do
            local w, ordinal, from, to, limit = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
            local held, used, need, want = tonumber(ARGV[i + 5]), tonumber(ARGV[i + 6]), tonumber(ARGV[i + 7]), tonumber(ARGV[i + 8])
            local counter = redis.call('HMGET', KEYS[2], 'o' .. w, 'e' .. w, 'g' .. w, 's' .. w)
            local at = tonumber(counter[1] or nil)
            local state, grant, given = 'granted', 0, 0
            local field = name .. ':' .. w
            local record = redis.call('HGET', KEYS[3], field)
            local mine, before = 0, 0
            if record then
              local ro, rg, rs = string.match(record, '^(%d+) (%d+) (%d+)')
              before = tonumber(rs)
              if tonumber(ro) == ordinal and known(record) then mine = tonumber(rg) end
            end
            if now < from or now >= to or (at and at > ordinal) then state = 'elsewhere'
            elseif not at or counter[4] ~= epoch or (at < ordinal and tonumber(counter[2]) > from) then state = 'unseeded'
            elseif sequence <= before then state = 'overtaken'
            else
              if at == ordinal then given = tonumber(counter[3]) end
              given = math.max(0, given - mine) + held
              local left = limit - given
              if left > 0 and left >= need then grant = math.min(left, math.max(need, math.min(want, math.floor(left / 4)))) end
              given = given + grant
              redis.call('HSET', KEYS[2], 'o' .. w, whole(ordinal), 'e' .. w, whole(to), 'g' .. w, whole(given))
              redis.call('HSET', KEYS[3], field, table.concat({whole(ordinal), whole(held + grant), whole(sequence), whole(used), said, tag}, ' '))
              version = version or redis.call('HINCRBY', KEYS[2], 'v', 1)
              ending = math.max(ending, to)
            end
            table.insert(answer, state)
            table.insert(answer, whole(grant))
            table.insert(answer, whole(given))
          end
          if version then
            answer[3] = version
            keep(ending)
            redis.call('EXPIRE', KEYS[3], 3888000)
          end
        elseif verb == 'slots' then
          local sequence, life, held, need, want, limit, lease = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
          -- Since when this memory has been kept: what others held before it is over once a lease has gone by.
          -- As long as the longest that anybody has had; a clock that was set back counts from its new time.
          local began, since, longest = string.match(redis.call('GET', KEYS[3]) or '', '^(%S+) (%d+) ?(%d*)$')
          local waits = math.max(lease, tonumber(longest or '') or 0)
          if began ~= epoch or now < tonumber(since) then since = answer[2] end
          if began ~= epoch or since == answer[2] or waits ~= tonumber(longest) then
            redis.call('SET', KEYS[3], epoch .. ' ' .. since .. ' ' .. whole(waits))
          end
          local young = now < tonumber(since) + waits
          local all, others, mine, before = redis.call('HGETALL', KEYS[2]), 0, nil, 0
          for i = 1, #all, 2 do
            local count, said, till = string.match(all[i + 1], '^(%d+) (%d+) (%d+)')
            if tonumber(till) <= now then redis.call('HDEL', KEYS[2], all[i])
            elseif all[i] == life then mine, before = tonumber(count), tonumber(said)
            else others = others + tonumber(count) end
          end
          local state, grant = 'granted', 0
          local left = limit - others - held
          if mine and sequence <= before then state = 'overtaken'
          elseif held > 0 and not mine and not young then state = 'lapsed'
          else
            if left > 0 and need > 0 and not young then grant = math.min(left, math.max(need, math.min(want, math.floor(left / 4)))) end
            if held + grant > 0 then
              redis.call('HSET', KEYS[2], life, table.concat({whole(held + grant), whole(sequence), whole(now + lease)}, ' '))
              redis.call('EXPIRE', KEYS[2], 3600)
            elseif mine then redis.call('HDEL', KEYS[2], life) end
          end
          table.insert(answer, state)
          table.insert(answer, whole(grant))
          table.insert(answer, whole(left - grant))
        elseif verb == 'seed' then
          for i = 3, #ARGV, 4 do
            local w, ordinal, to, used = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
            local counter = redis.call('HMGET', KEYS[2], 'o' .. w, 'g' .. w, 's' .. w)
            local at = tonumber(counter[1] or nil)
            if not at or at < ordinal or (at == ordinal and counter[3] ~= epoch) then
              if at == ordinal then used = math.max(used, tonumber(counter[2])) end
              redis.call('HSET', KEYS[2], 'o' .. w, whole(ordinal), 'e' .. w, whole(to), 'g' .. w, whole(used), 's' .. w, epoch)
              keep(to)
            end
          end
        elseif verb == 'end' then
          if redis.call('GET', KEYS[2]) == epoch then
            redis.call('SET', KEYS[1], epoch)
            redis.call('DEL', KEYS[2], KEYS[3])
          end
        elseif verb == 'push' then
          local sequence, name = ARGV[3], ARGV[4]
          for i = 5, #ARGV, 6 do
            local w, ordinal, to, version = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
            local counter = redis.call('HMGET', KEYS[2], 'o' .. w, 'p' .. w, 'v')
            local at = tonumber(counter[1] or nil)
            if now < to then
              if not at or at < ordinal or (at == ordinal and version > tonumber(counter[2] or 0)) then
                redis.call('HSET', KEYS[2], 'o' .. w, whole(ordinal), 'e' .. w, whole(to), 'g' .. w, ARGV[i + 4], 'p' .. w, whole(version))
              end
              if version > tonumber(counter[3] or 0) then redis.call('HSET', KEYS[2], 'v', whole(version)) end
              redis.call('HSET', KEYS[3], name .. ':' .. w, table.concat({whole(ordinal), ARGV[i + 5], sequence, ARGV[i + 5], answer[2], tag}, ' '))
              keep(to)
            end
          end
        elseif verb == 'settle' then
          -- A record of a life of the node that has ended: what its journal does not show as used goes back.
          local field, w, record, back = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
          if redis.call('HGET', KEYS[3], field) == record then
            local counter = redis.call('HMGET', KEYS[2], 'o' .. w, 'g' .. w)
            if counter[1] and counter[1] == string.match(record, '^(%d+)') and known(record) then
              redis.call('HSET', KEYS[2], 'g' .. w, whole(math.max(0, tonumber(counter[2]) - back)))
              redis.call('HINCRBY', KEYS[2], 'v', 1)
            end
            redis.call('HDEL', KEYS[3], field)
          end
        end
        return answer
        """;

    private static volatile Named s_last = new("", "");

    public static string TextOf(string epoch) => $"-- {epoch}\n{Body}";

    public static string DigestOf(string epoch)
    {
        // Nearly always that of the last time.
        if (s_last is var last && last.Epoch == epoch)
            return last.Digest;
#pragma warning disable CA5350 // The name that Redis gives a script.
        var digest = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(TextOf(epoch))));
#pragma warning restore CA5350
        s_last = new Named(epoch, digest);
        return digest;
    }

    private sealed record Named(string Epoch, string Digest);
}
