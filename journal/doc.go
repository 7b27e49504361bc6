// Package journal keeps what a learner did, in order, so that any state that it ever had can be rebuilt: an append-only
// sequence of records with a type, a time and a payload, which the journal itself does not look into.
//
//	j, err := journal.Open(dir, journal.Options{})     // one writer at a time
//	n, err := j.Append(update, time.Now(), payload)    // 1, 2, …
//	n, err  = j.Snapshot(weights, time.Now(), state)   // replay can begin here
//	n, err  = j.Rollback(undo, time.Now(), 17, nil)    // from here on as after record 17
//	err     = j.Replay(j.Last(), func(r journal.Record) error { … })
//	first, err := j.Compact(j.Last())                  // without what is before the last snapshot
//
// History is never rewritten: a roll-back is a record, and what it has undone is still there to be returned to. Any number of
// readers follow a journal while it is written (Reader, Check), in the same process or another.
//
// # What is promised
//
// A record is appended when Append, Snapshot or Rollback has returned without an error.
//
// After the process ends in any way, kill -9 included, while the system goes on running, every appended record is there,
// under every policy: a record is handed to the system in one write before Append returns. A record whose Append has not
// returned is there or not, as a whole.
//
// After the system ends, by loss of power or otherwise, the journal is there up to some record, and none beyond it. That
// record is at least
//
//   - EveryRecord: the last one that was appended;
//   - EveryInterval: the last one that was appended longer ago than the interval and the time that two syncs of the file
//     take; the timer needs a process that is scheduled;
//   - Never: the last one of the segment before the last, and of what Sync, Snapshot or Close has made durable;
//
// and under every policy each snapshot, each record before one, and all that was there when Open, Sync or Close returned. All
// of this presumes a disk that keeps what it said it has written (fsync; F_FULLFSYNC on Darwin; FlushFileBuffers on Windows)
// and a file system that renames a file as a whole.
//
// An append that fails leaves the journal as it was; the next one writes to the same place, as soon as there is room again.
// Where process or system end between the two, the failed record may be found nevertheless if it was written and only
// could not be made durable. If a sync fails while several appended records wait for it (EveryInterval, Never), no later sync
// can be trusted with them, and the journal takes no more records until it is opened again.
//
// Memory: 64 KiB or the longest record for a reader; the longest record, of 1 MiB at most what stays, for a writer; 8 bytes
// for each snapshot and 16 for each roll-back.
//
// # Torn tails and damage
//
// A crash leaves at most one thing that is not a record: at the end of the last segment, bytes of writes that were not
// finished or not durable. Open cuts them off and says so (Recovered). Everything else is damage and a *DamageError that
// names segment and byte: it is reported by Open, Check and Reader, and nothing is changed or skipped.
//
// To tell them apart each record says how many bytes before it were not yet durable when it was written. Where a frame
// cannot be read, and a later head of the same segment says that what was there had been durable, it is damage. Else it was
// promised to nobody, and it is a torn tail, also where whole records follow: after a loss of power the disk may hold
// later writes without earlier ones. Close leaves a mark after the last record, so the rule covers that one too. Only where
// there was no Close can damage to the very last record not be told from a torn tail; it is cut off then, and Recovered and
// Summary.Tear report it. A wrong record is never returned.
//
// That whole records vanish from the end, as when the last file is restored from an older copy, cannot be seen.
//
// # Compaction
//
// A snapshot begins a segment. Compact makes everything durable, reads the snapshot back and then removes the segments
// before it, oldest first, the directory being synced after each. Snapshots from there on stay. On Windows a segment that a
// reader has open cannot be removed: Compact reports it and may be called again.
//
// # Format
//
// A journal is a directory. Its segments are named by the number of their first record, in 20 decimal digits, and .journal:
// 00000000000000000001.journal. Beside them there may be writer.lock, which the writer locks, and next.tmp, a segment that
// has no header yet; neither holds anything. Integers are little endian.
//
// A segment begins with a header of 48 bytes:
//
//	 0   8  "elegansJ"
//	 8   4  version of the format: 1
//	12   4  zero
//	16   8  number of the first record
//	24   8  the latest time of all records before, ns since 1970-01-01 UTC, signed; -2⁶³ if there are none
//	32  12  drawn at random once for each journal
//	44   4  CRC32C of bytes 0 to 43
//
// Frames follow without space between them, a head of 32 bytes and the payload:
//
//	 0   4  CRC32C of bytes 4 to 31
//	 4   4  length n of the payload, at most 2³⁰ (and 8 more in a roll-back)
//	 8   4  CRC32C of the payload
//	12   4  how many bytes directly before this frame were not known to be durable when it was written
//	16   4  the record's number less that of the segment's first record
//	20   2  the user's type
//	22   1  kind: 1 entry, 2 snapshot, 3 roll-back, 4 seal
//	23   1  zero
//	24   8  time, ns since 1970-01-01 UTC, signed
//	32   n  payload; in a roll-back, 8 bytes with the number of the record to return to, then the user's payload
//
// CRC32C is that of RFC 3720 (reflected polynomial 0x82F63B78, start and end complemented). The two of a frame go on from the
// checksum of the header in byte 44, as if their bytes came after what it covers, so that a frame is good in its own
// segment only. A seal is what Close leaves: it has no payload, no number of its own, and the number of the record that will
// follow. A snapshot is the first record of its segment. Numbers count on from one segment to the next.
package journal
