-- Work for the interpreter that is many short calls of its C functions: string
-- operations, table accesses by the API, closures, a sort with a comparison.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local words, sum = {}, 0
for i = 1, 120000 do words[i] = tostring((i * 7919) % 200003) end
table.sort(words, function(a, b) return a < b end)
for _ = 1, 5 do
    local parts = {}
    for _, word in ipairs(words) do parts[#parts + 1] = word:sub(1, 3):upper() end
    sum = sum + #table.concat(parts)
end
for word in ("the quick brown fox "):rep(40000):gmatch("%a+") do sum = sum + #word end
for i = 1, 200000 do sum = sum + select("#", pcall(string.format, "%d %s", i, "x")) end
print(fib(29), sum)
