using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Tollgate.Gateway.Server;

/// <summary>Header fields in the order in which they came. There are few of them, so a name is looked for one by one; used again for the next message.</summary>
internal sealed class HeaderList : IHeaderDictionary
{
    private KeyValuePair<string, StringValues>[] _fields = new KeyValuePair<string, StringValues>[16];
    private int _count;

    public ReadOnlySpan<KeyValuePair<string, StringValues>> All => _fields.AsSpan(0, _count);

    public int Count => _count;

    public bool IsReadOnly => false;

    public ICollection<string> Keys => [.. this.Select(pair => pair.Key)];

    public ICollection<StringValues> Values => [.. this.Select(pair => pair.Value)];

    public long? ContentLength
    {
        get => long.TryParse(this["Content-Length"], NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : null;
        set => this["Content-Length"] = value is { } length ? length.ToString(CultureInfo.InvariantCulture) : default(StringValues);
    }

    /// <summary>No values for a name that is not there; a name that is given none goes.</summary>
    public StringValues this[string key]
    {
        get => Find(key) is >= 0 and var place ? _fields[place].Value : default;
        set
        {
            var place = Find(key);
            if (value.Count == 0)
                RemoveAt(place);
            else if (place >= 0)
                _fields[place] = new(_fields[place].Key, value);
            else
                Put(new(key, value));
        }
    }

    /// <summary>One more line of the message.</summary>
    public void Append(string name, string value)
    {
        var place = Find(name);
        if (place >= 0)
            _fields[place] = new(_fields[place].Key, StringValues.Concat(_fields[place].Value, value));
        else
            Put(new(name, value));
    }

    public void Add(string key, StringValues value)
    {
        if (ContainsKey(key))
            throw new ArgumentException($"{key} is there already.", nameof(key));
        this[key] = value;
    }

    public void Add(KeyValuePair<string, StringValues> item) => Add(item.Key, item.Value);

    public void Clear()
    {
        Array.Clear(_fields, 0, _count);
        _count = 0;
    }

    public bool Contains(KeyValuePair<string, StringValues> item) => Find(item.Key) is >= 0 and var place && _fields[place].Value.Equals(item.Value);

    public bool ContainsKey(string key) => Find(key) >= 0;

    public void CopyTo(KeyValuePair<string, StringValues>[] array, int arrayIndex) => All.CopyTo(array.AsSpan(arrayIndex));

    public bool Remove(string key) => RemoveAt(Find(key));

    public bool Remove(KeyValuePair<string, StringValues> item) => Contains(item) && Remove(item.Key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out StringValues value)
    {
        var place = Find(key);
        value = place >= 0 ? _fields[place].Value : default;
        return place >= 0;
    }

    public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator() => _fields.Take(_count).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private int Find(string name)
    {
        for (var i = 0; i < _count; i++)
        {
            var own = _fields[i].Key;
            if (ReferenceEquals(own, name) || (own.Length == name.Length && own.Equals(name, StringComparison.OrdinalIgnoreCase)))
                return i;
        }
        return -1;
    }

    private void Put(KeyValuePair<string, StringValues> field)
    {
        if (_count == _fields.Length)
            Array.Resize(ref _fields, _count * 2);
        _fields[_count++] = field;
    }

    private bool RemoveAt(int place)
    {
        if (place < 0)
            return false;
        _count--;
        Array.Copy(_fields, place + 1, _fields, place, _count - place);
        _fields[_count] = default;
        return true;
    }
}
