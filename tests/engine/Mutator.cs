using System.Buffers.Binary;

namespace CryoBackup.Tests;

/// <summary>Damages bytes in all kinds of ways, each time otherwise, in each run alike.</summary>
internal sealed class Mutator(int seed)
{
    private readonly Random _random = new(seed);

    public byte[] Mutate(byte[] original)
    {
        var bytes = new List<byte>(original);
        for (int count = 1 + (_random.Next(4) == 0 ? _random.Next(6) : 0); count > 0; count--)
        {
            Apply(bytes, original);
        }

        return [.. bytes];
    }

    private void Apply(List<byte> bytes, byte[] original)
    {
        int at = bytes.Count == 0 ? 0 : _random.Next(bytes.Count);
        int length = Math.Min(1 + _random.Next(40), bytes.Count - at);
        switch (_random.Next(8))
        {
            case 0 or 1 when bytes.Count > 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 2 when bytes.Count > 0:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 3:
                byte[] added = new byte[1 + _random.Next(40)];
                _random.NextBytes(added);
                bytes.InsertRange(at, added);
                break;
            case 4:
                bytes.RemoveRange(at, length);
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6 when bytes.Count - at >= 4:
                // A length, inflated.
                byte[] number = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(
                    number,
                    _random.Next(3) switch
                    {
                        0 => int.MaxValue,
                        1 => _random.Next(),
                        _ => 1 << _random.Next(31),
                    }
                );
                for (int i = 0; i < 4; i++)
                {
                    bytes[at + i] = number[i];
                }

                break;
            default:
                // A part of the original once more, elsewhere.
                int from = _random.Next(original.Length);
                bytes.InsertRange(at, original.AsSpan(from, Math.Min(1 + _random.Next(200), original.Length - from)).ToArray());
                break;
        }
    }
}
