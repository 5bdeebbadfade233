// The order book as a C++ programmer would write it from the standard library: a map of prices to lists of orders
// per side, and a hash map from order id to place. It is the baseline that shows what the machine gives: the same
// command records as our engine's, the same matching, an event written for each thing that happens; no accounts, no
// risk limits, no bound on memory. Compiled and run by bench.ts where a C++ compiler is installed.
//
// Usage: standard FILE PROLOGUE COMMANDS. Applies the prologue untimed; prints nanoseconds per command and the events.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <list>
#include <map>
#include <unordered_map>
#include <vector>

// Offsets in 4-byte words of the 80-byte command record: src/protocol/commands/layout.ts.
enum Word { HEAD = 0, SYMBOL = 3, ID_LOW = 4, ID_HIGH = 5, PRICE_LOW = 6, PRICE_HIGH = 7, QUANTITY = 8, RECORD = 20 };
enum Kind { NEW_ORDER = 16, CANCEL = 17, MODIFY = 18 };
enum EventKind { ACCEPTED = 1, CANCELLED, MODIFIED, TRADED, REJECTED };

struct Event {
  uint32_t kind, symbol;
  uint64_t sequence, id, makerId, price;
  uint32_t quantity, leaves, makerLeaves, side;
};

struct Order {
  uint64_t id;
  uint32_t quantity;
};
using Queue = std::list<Order>;
using Bids = std::map<uint64_t, Queue, std::greater<uint64_t>>;
using Asks = std::map<uint64_t, Queue>;
struct Place {
  bool isBuy;
  uint64_t price;
  Queue::iterator at;
};
struct Book {
  Bids bids;
  Asks asks;
  std::unordered_map<uint64_t, Place> byId;
};

static std::vector<Book> books(16);
static std::vector<Event> events(1024);
static uint64_t emitted = 0, sequence = 0;

static void emit(uint32_t kind, uint32_t symbol, uint64_t id, uint64_t maker, uint64_t price, uint32_t quantity,
                 uint32_t leaves, uint32_t makerLeaves, uint32_t side) {
  events[emitted++ % events.size()] = {kind,  symbol,   kind == REJECTED ? 0 : ++sequence, id, maker, price,
                                       quantity, leaves, makerLeaves, side};
}

template <class Side, class Crosses>
static uint32_t match(Book& book, Side& side, uint32_t symbol, uint64_t id, uint32_t left, uint32_t own, Crosses crosses) {
  while (left > 0 && !side.empty() && crosses(side.begin()->first)) {
    auto level = side.begin();
    Queue& queue = level->second;
    while (left > 0 && !queue.empty()) {
      Order& maker = queue.front();
      const uint32_t traded = left < maker.quantity ? left : maker.quantity;
      left -= traded;
      maker.quantity -= traded;
      emit(TRADED, symbol, id, maker.id, level->first, traded, left, maker.quantity, own);
      if (maker.quantity > 0) break;
      book.byId.erase(maker.id);
      queue.pop_front();
    }
    if (queue.empty()) side.erase(level);
  }
  return left;
}

static uint32_t trade(Book& book, uint32_t symbol, uint64_t id, bool isBuy, bool isMarket, uint64_t price, uint32_t left) {
  if (isBuy) return match(book, book.asks, symbol, id, left, 0, [&](uint64_t ask) { return isMarket || ask <= price; });
  return match(book, book.bids, symbol, id, left, 1, [&](uint64_t bid) { return isMarket || bid >= price; });
}

static void rest(Book& book, uint64_t id, bool isBuy, uint64_t price, uint32_t quantity) {
  Queue& queue = isBuy ? book.bids[price] : book.asks[price];
  queue.push_back({id, quantity});
  book.byId[id] = {isBuy, price, std::prev(queue.end())};
}

template <class Side>
static void takeOut(Side& side, const Place& place) {
  auto level = side.find(place.price);
  level->second.erase(place.at);
  if (level->second.empty()) side.erase(level);
}

static void takeOut(Book& book, const Place& place) {
  if (place.isBuy) takeOut(book.bids, place);
  else takeOut(book.asks, place);
}

static void apply(const uint32_t* record) {
  const uint32_t kind = record[HEAD] & 255, symbol = record[SYMBOL], quantity = record[QUANTITY];
  const uint64_t id = record[ID_LOW] | uint64_t(record[ID_HIGH]) << 32;
  const uint64_t price = record[PRICE_LOW] | uint64_t(record[PRICE_HIGH]) << 32;
  Book& book = books[symbol];
  const auto found = book.byId.find(id);
  const bool exists = found != book.byId.end();
  if (exists == (kind == NEW_ORDER)) return emit(REJECTED, symbol, id, 0, 0, 0, 0, 0, 0);
  if (kind == NEW_ORDER) {
    const bool isBuy = (record[HEAD] >> 8 & 255) == 0, isMarket = (record[HEAD] >> 16 & 255) == 1;
    emit(ACCEPTED, symbol, id, 0, price, quantity, 0, 0, !isBuy);
    const uint32_t left = trade(book, symbol, id, isBuy, isMarket, price, quantity);
    if (left > 0 && !isMarket && record[HEAD] >> 24 == 0) rest(book, id, isBuy, price, left);
    return;
  }
  const Place place = found->second;
  if (kind == CANCEL) {
    emit(CANCELLED, symbol, id, 0, place.price, place.at->quantity, 0, 0, !place.isBuy);
    takeOut(book, place);
    book.byId.erase(found);
    return;
  }
  emit(MODIFIED, symbol, id, 0, price, quantity, 0, 0, !place.isBuy);
  if (price == place.price && quantity <= place.at->quantity) {
    place.at->quantity = quantity;
    return;
  }
  takeOut(book, place);
  book.byId.erase(found);
  const uint32_t left = trade(book, symbol, id, place.isBuy, false, price, quantity);
  if (left > 0) rest(book, id, place.isBuy, price, left);
}

int main(int count, char** arguments) {
  if (count != 4) return std::fprintf(stderr, "usage: standard FILE PROLOGUE COMMANDS\n"), 2;
  const size_t prologue = std::strtoull(arguments[2], nullptr, 10);
  const size_t commands = std::strtoull(arguments[3], nullptr, 10);
  std::vector<uint32_t> words((prologue + commands) * RECORD);
  std::ifstream file(arguments[1], std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(words.data()), words.size() * 4)) {
    return std::fprintf(stderr, "standard: %s is shorter than its commands\n", arguments[1]), 1;
  }
  const uint32_t* record = words.data();
  for (size_t i = 0; i < prologue; i++, record += RECORD)
    if ((record[HEAD] & 255) >= NEW_ORDER) apply(record);
  const auto start = std::chrono::steady_clock::now();
  for (size_t i = 0; i < commands; i++, record += RECORD) apply(record);
  const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
  std::printf("%.2f %llu\n", spent.count() / commands, static_cast<unsigned long long>(sequence));
}
