-- services/locale.lua: a locale is four letters in one number: "enNZ" is 0x656E4E5A.
local locale = {}

locale.DEFAULT = 0x656E5553                      -- enUS

function locale.text(number)
  return (">I4"):pack(number & 0xFFFFFFFF)
end

-- "en", "de", …; "en" for what is no letters.
function locale.language(number)
  return locale.text(number):match "^%a%a" and locale.text(number):sub(1, 2):lower() or "en"
end

-- "NZ", "DE", …: where the game's settings say it is; whatever stands there, when that is no letters.
function locale.country(number)
  return locale.text(number):sub(3, 4):upper()
end

return locale
